import { addAbortSignal } from 'node:stream';
import { toManifestsText } from '../../lib/base/documents/manifest-text.ts';
import { decodeText } from '../../lib/base/documents/read-objects.ts';
import { InputError } from '../../lib/base/errors/input-error.ts';
import { explainText, MAX_TEXT_BYTES } from '../../lib/cluster/explain/explain-text.ts';
import type { Explanation } from '../../lib/cluster/explain/explanation.ts';
import { findSignatures, type SearchedPlace } from '../../lib/cluster/explain/find-signatures.ts';
import { toShellWord } from '../../lib/cluster/explain/fix.ts';
import { toPullFixes } from '../../lib/cluster/explain/to-pull-fixes.ts';
import { toReleaseFixes } from '../../lib/cluster/explain/to-release-fixes.ts';
import { createObjectReleaseStore } from '../../lib/stores/object-stores.ts';
import type { ReadyTrust } from '../../lib/trust/source/trust-source.ts';
import { openSource, openStores } from '../open/stores.ts';
import { openTrust } from '../open/trust.ts';
import type { StoreOptions } from '../shell/options.ts';
import { printResult } from '../shell/output.ts';
import { readInput } from '../shell/read-input.ts';
import { ExitStatus } from '../shell/run-program.ts';
import { type Explained, type ExplainedRelease, formatExplained } from './format-explained.ts';

export interface ExplainOptions extends StoreOptions {
  readonly trust?: string;
  readonly profile?: string;
  readonly mirror?: string;
  readonly output: 'text' | 'json' | 'yaml';
}

/** @returns the exit status: 1 when nothing was understood, 3 when a place could not say whether it has a signature */
export async function explain(file: string, options: ExplainOptions, signal: AbortSignal): Promise<number> {
  if (options.mirror !== undefined && options.trust === undefined) {
    throw new InputError('ArgumentInvalid', '--mirror needs --trust: what a mirror holds is verified by it');
  }
  const bytes = file === '-' ? await readStandardInput(signal) : await readInput(file, MAX_TEXT_BYTES);
  const explanation = explainText(decodeText(file === '-' ? 'standard input' : file, bytes));
  const explained = await searchAndFix(explanation, options, toCommand(file, options), signal);
  signal.throwIfAborted();
  print(explained, options.output);
  if (explained.releases.length + explained.pulls.length === 0) return ExitStatus.rejected;
  const places = explained.releases.flatMap(({ search }) => search?.places ?? []);
  return places.some(({ outcome }) => outcome === 'failed') ? ExitStatus.indeterminate : ExitStatus.done;
}

async function readStandardInput(signal: AbortSignal): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of addAbortSignal(signal, process.stdin)) {
    const bytes = Buffer.from(chunk as Uint8Array | string);
    length += bytes.length;
    if (length > MAX_TEXT_BYTES) throw new InputError('FileUnreadable', `more than ${MAX_TEXT_BYTES} bytes to explain`);
    chunks.push(bytes);
  }
  return Buffer.concat(chunks);
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
  const pulls = explanation.pulls.map((facts) => ({ ...facts, fixes: toPullFixes(facts) }));
  if (directory === undefined) {
    const releases = explanation.releases.map((facts) => ({
      ...facts,
      search: null,
      fixes: toReleaseFixes(facts, { command }),
    }));
    return { ...explanation, releases, pulls };
  }
  const trust = await openTrust({ trust: directory, ...(profile === undefined ? {} : { profile }) });
  const { places, close } = await openPlaces(options, trust);
  try {
    const releases: ExplainedRelease[] = [];
    for (const facts of explanation.releases) {
      const search =
        facts.digest === undefined ? undefined : await findSignatures(facts.digest, trust, places, new Date(), signal);
      const fixes = toReleaseFixes(facts, { search, trust: trust.prepared, command });
      releases.push({ ...facts, search: search === undefined ? null : { places: search.places }, fixes });
    }
    return { ...explanation, releases, pulls };
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
  const fixes = [...explained.releases, ...explained.pulls].flatMap((one) => one.fixes);
  const manifests = fixes.flatMap(({ manifest }) => (manifest === undefined ? [] : [manifest]));
  if (output === 'yaml') {
    if (manifests.length === 0) process.stderr.write('signet: there is nothing to apply\n');
    else process.stdout.write(toManifestsText(manifests, 'yaml'));
    return;
  }
  printResult(output, explained, formatExplained);
}
