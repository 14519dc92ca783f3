//! Prints what the generated client gets: the digits by each operation, one a line.
use openapi::apis::{configuration::Configuration, factorial_api};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut given = std::env::args().skip(1);
    let api = Configuration { base_path: given.next().unwrap(), ..Default::default() };
    for argument in given {
        let n: i64 = argument.parse()?;
        let summary = factorial_api::get_factorial_summary(&api, n, None).await?;
        println!("{}", factorial_api::get_factorial(&api, n, None).await?.factorial);
        println!("{}", factorial_api::get_factorial_text(&api, n, None).await?.trim());
        println!("{} {}", summary.digits, summary.scientific);
    }
    Ok(())
}
