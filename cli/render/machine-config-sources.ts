import path from 'node:path';
import { InputError } from '../../lib/base/errors/input-error.ts';
import { checkKeys, listKeyPaths } from '../../lib/cluster/render/machine-config/machine-config-keys.ts';
import { readProfileFiles } from '../../lib/cluster/render/machine-config/machine-config-sources.ts';
import { MAX_TRUST_FILE_BYTES } from '../../lib/trust/documents/parse-trust-file.ts';
import type { ImagePolicy } from '../../lib/trust/policy/image-policy.ts';
import type { TrustDocument } from '../../lib/trust/prepared/trust-document.ts';
import { readRegistriesDFiles } from '../open/node-policy.ts';
import { MAX_KEY_FILE_BYTES, readBelowRoot, readInput } from '../shell/read-input.ts';

/** Where the files for nodes are. */
export interface MachineConfigSourceOptions {
  readonly policy?: string;
  readonly registriesD: readonly string[];
  readonly key: readonly string[];
  readonly root?: string;
  readonly keyOnNode: readonly string[];
  readonly fromProfile?: boolean;
  readonly trust?: string;
  readonly profile?: string;
}

/** The files for nodes, not checked yet. */
interface Sources {
  readonly policy: TrustDocument;
  readonly registriesD: readonly TrustDocument[];
  /** What was given and says nothing. */
  readonly notes: readonly string[];
  /** Finds the key that belongs at a path of a node; undefined when there is none. */
  readonly readKey: (keyPath: string) => Promise<Uint8Array | undefined>;
}

/** Reads the files that the options name. @throws InputError, ConfigurationError */
export async function readSources(options: MachineConfigSourceOptions): Promise<Sources> {
  const { policy, registriesD, key, root, trust } = options;
  if (options.fromProfile === true) {
    if (trust === undefined) throw invalid('--from-profile needs --trust');
    if (policy !== undefined || registriesD.length + key.length > 0 || root !== undefined) {
      throw invalid(
        '--from-profile takes all files from the profile: leave --policy, --registries-d, --key, --root out',
      );
    }
    const files = await readProfileFiles(trust, options.profile);
    return { ...files, notes: [], readKey: (keyPath) => Promise.resolve(files.keys.get(path.posix.basename(keyPath))) };
  }
  if (trust !== undefined) throw invalid('--trust goes with --from-profile');
  if (policy === undefined) throw invalid('name the policy: --policy FILE, or --from-profile --trust DIR');
  const given = await readGivenKeys(key);
  const files = await readRegistriesDFiles(registriesD);
  const isNothing = registriesD.length > 0 && files.length === 0;
  return {
    policy: { name: policy, bytes: await readInput(policy, MAX_TRUST_FILE_BYTES) },
    registriesD: files,
    notes: isNothing ? [`--registries-d ${registriesD.join(', ')}: it is empty, so nothing of it is written`] : [],
    readKey: async (keyPath) =>
      given.get(keyPath) ?? (root === undefined ? undefined : readBelowRoot(root, keyPath, MAX_KEY_FILE_BYTES)),
  };
}

/** The keys that the policy names, each from where it is given. @throws InputError `ArgumentInvalid` */
export async function readKeys(
  policy: ImagePolicy,
  { readKey }: Sources,
  { key, keyOnNode }: MachineConfigSourceOptions,
): Promise<ReadonlyMap<string, Uint8Array>> {
  const needed = listKeyPaths(policy);
  const keys = new Map<string, Uint8Array>();
  for (const keyPath of needed) {
    const bytes = keyOnNode.includes(keyPath) ? undefined : await readKey(keyPath);
    if (bytes !== undefined) keys.set(keyPath, bytes);
  }
  checkKeys(needed, [...new Set([...keys.keys(), ...key.map((one) => splitKey(one)[0])])], keyOnNode);
  return keys;
}

async function readGivenKeys(texts: readonly string[]): Promise<ReadonlyMap<string, Uint8Array>> {
  const keys = new Map<string, Uint8Array>();
  for (const [keyPath, file] of texts.map(splitKey)) {
    if (keys.has(keyPath)) throw invalid(`--key: ${keyPath} is given twice`);
    keys.set(keyPath, await readInput(file, MAX_KEY_FILE_BYTES));
  }
  return keys;
}

function splitKey(text: string): readonly [string, string] {
  const equals = text.indexOf('=');
  if (equals > 0 && equals < text.length - 1) return [text.slice(0, equals), text.slice(equals + 1)];
  throw invalid(`--key: expected <path on the node>=<file>, not ${JSON.stringify(text)}`);
}

function invalid(message: string): InputError {
  return new InputError('ArgumentInvalid', message);
}
