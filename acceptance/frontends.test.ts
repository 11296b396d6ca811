import assert from "node:assert/strict";
import { get } from "node:http";
import { frontends, isShown } from "./flow.ts";
import { itWhere } from "./it-where.ts";
import { stackOutputs } from "./outputs.ts";

const { lbUrl } = stackOutputs();

describe("A front end", () => {
  for (const name of Object.keys(frontends) as (keyof typeof frontends)[]) {
    itWhere([name], `is shown at its path: ${name}`, () => isShown(lbUrl, name));

    itWhere([name], `is shown at a host of its own: ${name}`, async () => {
      assert.ok((await pageAt(`${name}.localhost`)).includes(`<title>${frontends[name]}</title>`));
    });
  }
});

/** What the load balancer shows a browser that came by this name, which need not be known here. */
function pageAt(host: string): Promise<string> {
  return new Promise((done, fail) => {
    get(`${lbUrl}/`, { headers: { host } }, (response) => {
      let text = "";
      response.on("data", (chunk: Buffer) => (text += chunk.toString()));
      response.on("end", () => {
        done(text);
      });
    }).on("error", fail);
  });
}
