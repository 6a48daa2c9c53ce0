import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { toStoreSegment } from '../../../lib/base/names/digest.ts';
import { RELEASE_PREFIXES } from '../../../lib/mirror/slots/slot-layout.ts';
import { type MirroredSamples, mirrorSamples } from '../../cluster-reader/mirror-samples.ts';
import { serveDirectory } from '../../cluster-reader/serve-directory.ts';
import { startNginx } from '../../cluster-reader/start-nginx.ts';
import { startService } from '../../cluster-reader/start-service.ts';
import { type Walked, walkStore } from '../../cluster-reader/walk-store.ts';
import { startServer } from '../../support/servers/start-server.ts';
import { findTool } from '../../support/tools.ts';

const nginx = findTool('nginx');
let samples: MirroredSamples;
const running: (() => Promise<void>)[] = [];

beforeAll(async () => {
  samples = await mirrorSamples();
});
afterAll(async () => {
  for (const close of running) await close();
  await samples.close();
});

interface Row {
  readonly name: string;
  readonly found: number;
  /** Signatures that the upstream store does not have. */
  readonly unknown: number;
  readonly noted: Walked['noted'];
}

async function readAll(base: string): Promise<readonly Row[]> {
  const rows = samples.releases.map(async ({ name, digest, signatures }): Promise<Row> => {
    const walked = await walkStore(base, digest);
    const unknown = walked.signatures.filter((bytes) => !signatures.some((known) => known.equals(bytes)));
    return { name, found: walked.signatures.length, unknown: unknown.length, noted: walked.noted };
  });
  return await Promise.all(rows);
}

/** Every mirrored signature, then a true 404. */
function toExpected(): readonly Row[] {
  return samples.releases.map(({ name, mirrored }) => {
    return { name, found: mirrored, unknown: 0, noted: [{ index: mirrored + 1, status: 404 }] };
  });
}

describe('a reader that walks as a cluster does finds each signature and true 404s', () => {
  test('in the service, at each of its paths', async () => {
    const { url, stop } = await startService(samples.data, samples.trust);
    running.push(stop);
    for (const prefix of RELEASE_PREFIXES) expect(await readAll(`${url}${prefix.slice(0, -1)}`)).toEqual(toExpected());
  });

  test('in the directory, served by a plain web server', async () => {
    const server = await serveDirectory(samples.mirror);
    running.push(() => server.close());
    expect(await readAll(`${server.origin}/signatures`)).toEqual(toExpected());
  });

  test.skipIf(nginx === undefined)('in the directory, served by nginx', async () => {
    const scratch = path.join(samples.scratch, 'nginx');
    const { origin, close } = await startNginx(nginx ?? '', samples.mirror, scratch);
    running.push(close);
    expect(await readAll(`${origin}/signatures`)).toEqual(toExpected());
  });
});

test('the reader notes another status and goes on, up to the ninth', async () => {
  const [release] = samples.releases;
  if (release === undefined) throw new Error('there are releases');
  const prefix = `/${toStoreSegment(release.digest)}/signature-`;
  const server = await startServer((request, response) => {
    const index = Number(request.url?.slice(prefix.length));
    const status = index === 2 ? 200 : 403;
    response.writeHead(status, { 'content-length': 1 }).end(request.method === 'HEAD' ? '' : 'x');
  });
  running.push(() => server.close());
  const walked = await walkStore(server.origin, release.digest);
  expect(walked.signatures.map(String)).toEqual(['x']);
  expect(walked.noted.map(({ index, status }) => [index, status])).toEqual(
    [1, 3, 4, 5, 6, 7, 8, 9].map((index) => [index, 403]),
  );
  expect(server.requests.map(({ path: asked }) => asked).filter((_, at) => at % 2 === 0)).toEqual(
    Array.from({ length: 9 }, (_, at) => `${prefix}${at + 1}`),
  );
});
