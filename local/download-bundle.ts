import { parseBundleId } from '../lib/export/bundle-id.ts';
import { bundleArchiveKey, readBundleState } from '../lib/export/bundle-state.ts';
import { MAX_EXPORT_BYTES } from '../lib/export/memory-sink.ts';
import type { ObjectStore } from '../lib/objects/object-store.ts';
import { type HttpHandler, wrapHttp } from '../lib/runtime/http-stack.ts';
import { toNotFoundResponse } from '../lib/runtime/problem.ts';
import type { Telemetry } from '../lib/runtime/telemetry.ts';

/** GET /v1/bundles/{id}/download: a finished bundle, as S3 gives it out in a deployment. */
export function createDownloads(objects: ObjectStore, telemetry: Telemetry): HttpHandler {
  return wrapHttp(async ({ pathParameters }) => {
    const id = parseBundleId(pathParameters?.['id'] ?? '');
    const stored = await readBundleState(objects, id);
    // An archive may be there while its state does not say yet what it is.
    const archive =
      stored?.state.state === 'done' ? await objects.readObject(bundleArchiveKey(id), MAX_EXPORT_BYTES) : undefined;
    if (archive === undefined) return toNotFoundResponse('there is no such bundle');
    return {
      statusCode: 200,
      headers: {
        'content-type': 'application/gzip',
        'content-disposition': 'attachment; filename="bundle.tar.gz"',
        'cache-control': 'no-store',
      },
      body: Buffer.from(archive.bytes).toString('base64'),
      isBase64Encoded: true,
    };
  }, telemetry);
}
