import { toManifestsText } from '../../lib/base/documents/manifest-text.ts';
import { decodeText } from '../../lib/base/documents/read-objects.ts';
import { InputError } from '../../lib/base/errors/input-error.ts';
import { explainText, MAX_TEXT_BYTES } from '../../lib/cluster/explain/explain-text.ts';
import { type Explanation, toShellWord } from '../../lib/cluster/explain/explanation.ts';
import type { SearchedPlace } from '../../lib/cluster/explain/find-signatures.ts';
import { type Explained, toExplained } from '../../lib/cluster/explain/fixes/explained.ts';
import { createObjectReleaseStore } from '../../lib/stores/numbered-stores.ts';
import type { ReadyTrust } from '../../lib/trust/source/trust-source.ts';
import { openSource, openStores } from '../open/stores.ts';
import { openTrust } from '../open/trust.ts';
import type { OutputFormat, StoreOptions } from '../shell/options.ts';
import { printResult } from '../shell/output.ts';
import { readInput, readStandardInput } from '../shell/read-input.ts';
import { ExitStatus } from '../shell/run-program.ts';
import { formatExplained } from './format-explained.ts';

export interface ExplainOptions extends StoreOptions {
  readonly trust?: string;
  readonly profile?: string;
  readonly mirror?: string;
  readonly output: OutputFormat | 'yaml';
}

/** @returns the exit status: 1 when nothing was understood, 3 when a place could not say whether it has a signature */
export async function explain(file: string, options: ExplainOptions, signal: AbortSignal): Promise<number> {
  if (options.mirror !== undefined && options.trust === undefined) {
    throw new InputError('ArgumentInvalid', '--mirror needs --trust: what a mirror holds is verified by it');
  }
  const bytes = file === '-' ? await readStandardInput(MAX_TEXT_BYTES, signal) : await readInput(file, MAX_TEXT_BYTES);
  const explanation = explainText(decodeText(file === '-' ? 'standard input' : file, bytes));
  const explained = await searchAndFix(explanation, options, toCommand(file, options), signal);
  signal.throwIfAborted();
  print(explained, options.output);
  if (explained.releases.length + explained.pulls.length + explained.gates.length === 0) return ExitStatus.rejected;
  const places = explained.releases.flatMap(({ search }) => search?.places ?? []);
  return places.some(({ outcome }) => outcome === 'failed') ? ExitStatus.indeterminate : ExitStatus.done;
}

/** The same call again; text from standard input has to be in a file for it. */
function toCommand(file: string, { trust, profile, mirror, store, allowPrivateStores, tlsCa }: ExplainOptions): string {
  const named = [
    ...(trust === undefined ? [] : ['--trust', trust]),
    ...(profile === undefined ? [] : ['--profile', profile]),
    ...(mirror === undefined ? [] : ['--mirror', mirror]),
    ...store.flatMap((one) => ['--store', one]),
    ...(allowPrivateStores === true ? ['--allow-private-stores'] : []),
    ...(tlsCa === undefined ? [] : ['--tls-ca', tlsCa]),
  ];
  return ['signet', 'explain', file === '-' ? 'message.txt' : file, ...named].map(toShellWord).join(' ');
}

async function searchAndFix(
  explanation: Explanation,
  options: ExplainOptions,
  command: string,
  signal: AbortSignal,
): Promise<Explained> {
  const { trust: directory, profile } = options;
  if (directory === undefined) return await toExplained(explanation, command);
  const trust = await openTrust({ trust: directory, ...(profile === undefined ? {} : { profile }) });
  const { places, close } = await openPlaces(options, trust);
  try {
    return await toExplained(explanation, command, { trust, places, now: new Date(), signal });
  } finally {
    close();
  }
}

async function openPlaces(
  options: ExplainOptions,
  trust: ReadyTrust,
): Promise<{ readonly places: readonly SearchedPlace[]; readonly close: () => void }> {
  const { mirror } = options;
  const held: readonly SearchedPlace[] =
    mirror === undefined
      ? []
      : [{ role: 'mirror', name: mirror, store: createObjectReleaseStore(await openSource(mirror)) }];
  const { store, close } = await openStores(options, trust.prepared);
  const name = options.store.length === 0 ? store.description : options.store.join(', ');
  return { places: [...held, { role: 'stores', name, store }], close };
}

function print(explained: Explained, output: ExplainOptions['output']): void {
  const fixes = [...explained.releases, ...explained.pulls, ...explained.gates].flatMap((one) => one.fixes);
  const manifests = fixes.flatMap(({ manifest }) => (manifest === undefined ? [] : [manifest]));
  if (output === 'yaml') {
    if (manifests.length === 0) process.stderr.write('signet: there is nothing to apply\n');
    else process.stdout.write(toManifestsText(manifests, 'yaml'));
    return;
  }
  printResult(output, explained, formatExplained);
}
