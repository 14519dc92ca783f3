import org.openapitools.client.ApiClient;
import org.openapitools.client.api.FactorialApi;

/** Prints what the generated client gets: the digits by each operation, one a line. */
class Main {
    public static void main(String[] given) throws Exception {
        var client = new ApiClient();
        client.updateBaseUri(given[0]);
        var api = new FactorialApi(client);
        for (int i = 1; i < given.length; i++) {
            var n = Long.valueOf(given[i]);
            var summary = api.getFactorialSummary(n, null);
            System.out.println(api.getFactorial(n, null).getFactorial());
            System.out.println(api.getFactorialText(n, null).strip());
            System.out.println(summary.getDigits() + " " + summary.getScientific());
        }
    }
}
