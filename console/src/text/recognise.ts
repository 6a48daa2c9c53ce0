/** What somebody pasted into the one field. */
export type Question =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'pullspec'; readonly pullspec: string; readonly digest: string | undefined }
  | { readonly kind: 'digest'; readonly digest: string }
  /** 64 hex digits alone: a SHA-256, or the id of a record. */
  | { readonly kind: 'hex'; readonly hex: string }
  | { readonly kind: 'version'; readonly version: string }
  | { readonly kind: 'text'; readonly text: string };

const HEX = /^[0-9a-f]{64}$/i;
const DIGEST = /^(sha256|sha384|sha512)[:=-]([0-9a-f]{64}|[0-9a-f]{96}|[0-9a-f]{128})$/i;
const VERSION = /^v?([0-9]{1,3}\.[0-9]{1,3}(?:\.[0-9]{1,4})?(?:-[0-9A-Za-z][0-9A-Za-z.-]{0,60})?)$/;
const REFERENCE = /^[a-z0-9][a-z0-9.-]*(?::[0-9]{1,5})?\/[^\s"'<>{}|\\^`]+$/i;
/** Longer than any reference; a longer text is one to explain. */
const MAX_REFERENCE = 1024;

/** Decides by the form alone; the service reads what it is given with its own parsers. */
export function recognise(pasted: string): Question {
  const text = pasted.trim();
  if (text === '') return { kind: 'nothing' };
  if (text.length > MAX_REFERENCE) return { kind: 'text', text };
  const plain = text.replace(/^(?:docker|oci):\/\//, '').replace(/^["']|["',]$/g, '');
  if (HEX.test(plain)) return { kind: 'hex', hex: plain.toLowerCase() };
  const [, algorithm, hex] = DIGEST.exec(plain) ?? [];
  if (algorithm !== undefined && hex !== undefined) {
    return { kind: 'digest', digest: `${algorithm.toLowerCase()}:${hex.toLowerCase()}` };
  }
  const version = VERSION.exec(plain)?.[1];
  if (version !== undefined) return { kind: 'version', version };
  if (REFERENCE.test(plain) && !plain.includes('://')) {
    const digest = /@([a-z0-9]+:[0-9a-f]+)$/.exec(plain)?.[1];
    return { kind: 'pullspec', pullspec: plain, digest };
  }
  return { kind: 'text', text };
}
