import { type Digest, toStoreSegment } from '../../lib/base/names/digest.ts';

/** What a cluster sees of one digest in a store. */
export interface Walked {
  readonly signatures: readonly Buffer[];
  /** Other answers than a signature, in order: the 404 that ends the walk among them. */
  readonly noted: readonly { readonly index: number; readonly status: number }[];
}

/** Indexes run from 1 to 9, as in library-go's store/sigstore. */
const MAX_SIGNATURE_SEARCH = 10;

/**
 * Reads a store as library-go does: `signature-1`, `signature-2`, … one after the other; a 404 ends the walk, another
 * status is noted and passed, an empty body is passed. Each is also asked for by HEAD, which has to agree.
 */
export async function walkStore(base: string, digest: Digest): Promise<Walked> {
  const signatures: Buffer[] = [];
  const noted: { index: number; status: number }[] = [];
  for (let index = 1; index < MAX_SIGNATURE_SEARCH; index += 1) {
    const url = `${base}/${toStoreSegment(digest)}/signature-${index}`;
    const response = await fetch(url);
    const body = Buffer.from(await response.arrayBuffer());
    await checkHead(url, response, body);
    if (!response.ok) noted.push({ index, status: response.status });
    else if (body.length > 0) signatures.push(body);
    if (response.status === 404) break;
  }
  return { signatures, noted };
}

async function checkHead(url: string, { status }: Response, body: Buffer): Promise<void> {
  const head = await fetch(url, { method: 'HEAD' });
  if (head.status !== status) throw new Error(`${url}: HEAD says ${head.status}, GET ${status}`);
  const length = head.headers.get('content-length');
  if (head.ok && length !== String(body.length)) throw new Error(`${url}: HEAD says ${length} of ${body.length} bytes`);
}
