// Prints what the generated client gets: the digits by each operation, one a line.
import { Configuration, FactorialApi } from "./client";

async function main(base: string, numbers: string[]): Promise<void> {
  const api = new FactorialApi(new Configuration({ basePath: base }));
  for (const number of numbers.map(Number)) {
    const summary = await api.getFactorialSummary({ number });
    console.log((await api.getFactorial({ number })).factorial);
    console.log((await api.getFactorialText({ number })).trim());
    console.log(`${summary.digits} ${summary.scientific}`);
  }
}

main(process.argv[2], process.argv.slice(3));
