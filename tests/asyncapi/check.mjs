// Whether a document is AsyncAPI without error or warning, and each example of a message keeps to its schema.
//
//   node check.mjs FILE

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { Parser } from "@asyncapi/parser";

const ajv = createRequire(createRequire(import.meta.url).resolve("@asyncapi/parser"))("ajv");

const text = readFileSync(process.argv[2], "utf8");
const { document, diagnostics } = await new Parser().parse(text);
let mistakes = 0;
const mistake = (where, what) => {
  mistakes += 1;
  console.error(`${where}: ${what}`);
};
for (const { code, message, path, range, severity } of diagnostics) {
  // 0 is an error, 1 a warning; below are hints, as that there is a newer version of AsyncAPI.
  if (severity > 1) continue;
  mistake(`line ${range.start.line + 1}, ${path.join(".")}`, `${message} (${code})`);
}

let examples = 0;
for (const message of document?.allMessages().all() ?? []) {
  const check = new ajv.default({ strict: false }).compile(message.payload().json());
  for (const example of message.examples().all()) {
    examples += 1;
    if (!check(example.payload())) mistake(message.title(), JSON.stringify(check.errors));
  }
}
const messages = document?.allMessages().all().length ?? 0;
if (messages !== 15) mistake("messages", `${messages} instead of 15`);
if (examples < messages) mistake("examples", `${examples} for ${messages} messages`);
console.log(`AsyncAPI ${document?.version()}: ${messages} messages, ${examples} examples, ${mistakes} mistakes`);
process.exit(mistakes ? 1 : 0);
