import { bundleArchiveKey, parseBundleId, readBundleState } from '../lib/bundle/service/bundle-state.ts';
import { MAX_EXPORT_BYTES } from '../lib/bundle/service/kept-bundles.ts';
import { type HttpHandler, toNotFoundResponse, wrapHttp } from '../lib/platform/lambda/http-stack.ts';
import type { Telemetry } from '../lib/platform/lambda/telemetry.ts';
import type { ObjectStore } from '../lib/platform/objects/port/object-store.ts';

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
