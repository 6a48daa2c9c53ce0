import { writeSync } from 'node:fs';
import { Session } from 'node:inspector/promises';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import * as v from 'valibot';

// Answers two events with verify-image, or runs two command lines of signet, and writes to descriptor 3 the files with a
// function that was called for the second. The first one loads what is loaded when it is wanted, and the trust.

const ROOT = path.join(import.meta.dirname, '../..');
const RESULT = 3;

const Given = v.variant('kind', [
  v.object({ kind: v.literal('request'), pair: v.tuple([v.unknown(), v.unknown()]) }),
  v.object({ kind: v.literal('command'), pair: v.tuple([v.array(v.string()), v.array(v.string())]) }),
]);
const Answer = v.object({ statusCode: v.literal(200), body: v.string() });
const Accepted = v.object({ outcome: v.literal('accepted') });

interface Loaded {
  readonly handler: (event: unknown, context: unknown) => Promise<unknown>;
}

function toUrl(file: string): string {
  return pathToFileURL(path.join(ROOT, file)).href;
}

/** @throws Error when the image is not accepted */
async function answer(event: unknown): Promise<void> {
  const { handler } = (await import(toUrl('functions/verify-image/wire.ts'))) as Loaded;
  const context = { functionName: 'verify-image', awsRequestId: '0', getRemainingTimeInMillis: () => 30_000 };
  const { body } = v.parse(Answer, await handler(event, context));
  v.parse(Accepted, JSON.parse(body));
}

/** @throws Error when it does not end with 0 */
async function runCommand(args: readonly string[], run: number): Promise<void> {
  process.argv = [process.execPath, 'signet', ...args];
  // The program runs when it is loaded: once for each address.
  await import(`${toUrl('cli/shell/main.ts')}?run=${run}`);
  if (process.exitCode !== 0) throw new Error(`signet ${args.join(' ')} ended with ${process.exitCode}`);
}

const given = v.parse(Given, JSON.parse(process.argv[2] ?? ''));
const [first, second] =
  given.kind === 'request'
    ? given.pair.map((event) => () => answer(event))
    : given.pair.map((args, run) => () => runCommand(args, run));
const session = new Session();
session.connect();
await session.post('Profiler.enable');
await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: false });
await first?.();
// Taking the counts starts them anew.
await session.post('Profiler.takePreciseCoverage');
await second?.();
const { result } = await session.post('Profiler.takePreciseCoverage');
const files = result.flatMap(({ url, functions }) => {
  // The top level of a module is a function without a name that starts where the file does.
  const isCalled = functions.some(
    ({ functionName, ranges: [range] }) =>
      range !== undefined && range.count > 0 && !(functionName === '' && range.startOffset === 0),
  );
  return isCalled && url.startsWith('file:') ? [fileURLToPath(url)] : [];
});
writeSync(RESULT, JSON.stringify(files));
// Connections may be kept.
process.exit(0);
