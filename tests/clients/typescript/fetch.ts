// Prints what openapi-fetch gets with the generated types: the digits by each operation, one a line.
import createClient from "openapi-fetch";
import type { paths } from "./factorial";

const api = createClient<paths>({ baseUrl: process.argv[2] });
for (const number of process.argv.slice(3).map(Number)) {
  const params = { query: { number } };
  const result = await api.GET("/api/v2/factorial", { params });
  const summary = await api.GET("/api/v2/factorial/summary", { params });
  const text = await api.GET("/api/v2/factorial.txt", { params, parseAs: "text" });
  console.log(result.data!.factorial);
  console.log(text.data!.trim());
  console.log(`${summary.data!.digits} ${summary.data!.scientific}`);
}
