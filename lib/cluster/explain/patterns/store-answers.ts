import type { Digest } from '../../../base/names/digest.ts';
import { findDigests } from './pattern.ts';
import type { Answer, Asked } from './statement.ts';

/** The answer of one place, and the digest in its address. */
export interface ReadAnswer {
  readonly asked: Omit<Asked, 'at'>;
  readonly digest: Digest | undefined;
}

const NO_MORE = 'no more signatures to check';
const CONFIG_MAP = /^prefix (sha[0-9]+-[0-9a-f]+) in config map ([a-z0-9.-]+): no more signatures to check$/;
const RETRIEVE = /^unable to retrieve signature from (\S+): (.+)$/;
const REQUEST = /^Get "(\S+)": (.+)$/;
const STORES = /^(?:parallel|serial) signature store wrapping (.+): no more signatures to check$/;
const STORE_NAME =
  /containers\/image signature store under ([^\s,]+)|ClusterVersion signatureStores: ([^\s,]+(?:, https?:[^\s,]+)*)|(file:\/\/[^\s,]+)/g;
const STORE_WORDS =
  /(?:parallel|serial) signature store wrapping|config maps in \S+ with label "[^"]*"|ClusterVersion signatureStores unset, falling back to default stores|0 ClusterVersion signatureStores|no stores/g;
const EMPTY_STORES = /^ClusterVersion spec\.signatureStores is an empty array\b/;
const EXHAUSTED = 'ClusterVersion spec.signatureStores exhausted without finding a valid signature';
const UNSUPPORTED = /^the store (\S+) scheme is unrecognized$/;
const SIGNATURE_FAULTS: readonly RegExp[] = [
  /^could not read the message: /,
  /^not signed$/,
  /^signature error: /,
  /^invalid signature$/,
  /^signature expired on /,
  /^the signature is not valid JSON: /,
  /^signature is not the correct type$/,
  /^signature must have an identity$/,
  /^signature digest does not match$/,
];
const CUT_SHORT = /^context (?:deadline exceeded|canceled)$/;

/** Reads one answer in a message of library-go's stores; undefined for any other message. */
export function readAnswer(text: string): ReadAnswer | undefined {
  const [, key, name] = CONFIG_MAP.exec(text) ?? [];
  if (key !== undefined && name !== undefined) {
    const [digest] = findDigests(key);
    return digest === undefined ? undefined : toAnswer({ kind: 'config-map', name }, 'absent', NO_MORE, digest);
  }
  const [, url, said] = RETRIEVE.exec(text) ?? REQUEST.exec(text) ?? [];
  if (url !== undefined && said !== undefined) {
    const answer = said === NO_MORE && text.startsWith('unable') ? 'absent' : 'failed';
    return toAnswer({ kind: 'url', url }, answer, said, findDigests(url)[0]);
  }
  const [, names] = STORES.exec(text) ?? [];
  if (names !== undefined) return readStores(names);
  if (EMPTY_STORES.test(text)) return toAnswer({ kind: 'signature-stores' }, 'misconfigured', text);
  if (text === EXHAUSTED) return toAnswer({ kind: 'signature-stores' }, 'absent', text);
  const [, unsupported] = UNSUPPORTED.exec(text) ?? [];
  if (unsupported !== undefined) return toAnswer({ kind: 'url', url: unsupported }, 'misconfigured', text);
  if (SIGNATURE_FAULTS.some((fault) => fault.test(text))) return toAnswer({ kind: 'signature' }, 'refused', text);
  if (CUT_SHORT.test(text)) return toAnswer({ kind: 'stores', urls: [] }, 'failed', text);
  return undefined;
}

/** The stores of a composite; undefined if the list has an unknown word. */
function readStores(names: string): ReadAnswer | undefined {
  const urls: string[] = [];
  const rest = names.replaceAll(STORE_NAME, (_, under?: string, custom?: string, local?: string) => {
    urls.push(...(under ?? custom ?? local ?? '').split(', '));
    return '';
  });
  if (!/^[\s,]*$/.test(rest.replaceAll(STORE_WORDS, ''))) return undefined;
  return toAnswer({ kind: 'stores', urls: [...new Set(urls)] }, 'absent', NO_MORE);
}

function toAnswer(place: Asked['place'], answer: Answer, text: string, digest?: Digest): ReadAnswer {
  return { asked: { place, answer, text }, digest };
}
