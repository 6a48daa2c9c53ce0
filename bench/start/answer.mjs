// Loads the bundle that is named and has it answer one event, as Lambda does: `<bundle> <event> <warm> [<port>]`. Plain
// JavaScript, so that nothing but the bundle is between the start and the answer; without a bundle, what bare Node
// takes. The word goes to descriptor 3, for bundles log to the standard output. With `warm` it then answers the same
// event so often again, and says how long each took and what the process holds.
// Node's modules are asked for without an import, which would load what no bundle has asked for.
const { readFileSync, writeSync } = process.getBuiltinModule('fs');

/** @typedef {{ readonly statusCode?: number, readonly batchItemFailures?: readonly unknown[] } | undefined} Answer */
/** @typedef {{ readonly handler: (event: unknown, context: unknown) => Promise<Answer> }} Bundle */

const [, , bundle = '', eventFile = '', warm = '0', port = ''] = process.argv;

async function load() {
  // What is said to AWS goes to a stand-in on this machine. Nobody else can be reached.
  if (port !== '') (await import('./reach-stand-in.mjs')).reachStandIn(Number(port));
  const { handler } = /** @type {Bundle} */ (await import(bundle));
  const event = /** @type {unknown} */ (JSON.parse(readFileSync(eventFile, 'utf8')));
  const context = { functionName: 'bench', awsRequestId: '0', getRemainingTimeInMillis: () => 300_000 };
  return () => handler(event, context);
}

if (bundle === '') {
  writeSync(3, `${JSON.stringify({ megabytes: process.memoryUsage.rss() / 1e6 })}\n`);
} else {
  const answer = await load();
  const first = await answer();
  writeSync(3, 'answered\n');
  const isFailed = (first?.statusCode ?? 200) >= 400 || (first?.batchItemFailures ?? []).length > 0;
  if (isFailed) throw new Error(`the answer is a failure: ${JSON.stringify(first)}`);
  const before = process.cpuUsage();
  for (let run = 0; run < Number(warm); run++) await answer();
  const { user, system } = process.cpuUsage(before);
  const milliseconds = (user + system) / 1000 / Math.max(1, Number(warm));
  writeSync(3, `${JSON.stringify({ milliseconds, megabytes: process.memoryUsage.rss() / 1e6 })}\n`);
  // A bundle may keep connections, or timers.
  process.exit();
}
