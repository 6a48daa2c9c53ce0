import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { type Digest, parseDigest, toStoreSegment } from '../../lib/base/names/digest.ts';
import { toDigest } from '../fixtures/make/payload.ts';
import { makeSigner, type Signer } from '../support/make-signer.ts';

export interface StressPlan {
  readonly pushes: number;
  readonly digests: number;
}

export interface StressPushes {
  readonly signer: Signer;
  readonly digests: readonly Digest[];
  /** Digests whose store answers 503 at first. */
  readonly down: ReadonlySet<Digest>;
  /** Events of ECR as EventBridge delivers them, in order: with those that come twice. */
  readonly events: readonly Readonly<Record<string, unknown>>[];
  /** Queue messages that are no messages of ours. */
  readonly malformedBodies: readonly string[];
  /** `digest` and tag of every well-formed push, each once. */
  readonly questions: ReadonlySet<string>;
  readonly malformedEvents: number;
}

const ACCOUNT = '123456789012';
const REGION = 'us-east-1';
export const STRESS_REGISTRY = `${ACCOUNT}.dkr.ecr.${REGION}.amazonaws.com`;
export const STRESS_REPOSITORY = 'openshift/release';
/** Of all pushes. */
const MALFORMED = 0.05;
const TWICE = 0.2;
/** Of all digests. */
const DOWN = 0.05;

/**
 * Pushes of signed releases: 5 % malformed, half of them as events and half as queue messages, 20 % delivered twice,
 * and 5 % of the digests in a store that is down at first. Each digest is pushed under two tags.
 */
export async function makePushes(
  { pushes, digests: count }: StressPlan,
  storeDirectory: string,
): Promise<StressPushes> {
  const signer = await makeSigner('stress');
  const manifests = new Map(Array.from({ length: count }, (_, index) => toManifest(index)));
  const digests = [...manifests.keys()];
  const down = new Set(digests.slice(0, Math.round(count * DOWN)));
  for (const [digest, manifest] of manifests) {
    const directory = path.join(storeDirectory, toStoreSegment(digest));
    await mkdir(directory, { recursive: true });
    await writeFile(path.join(directory, 'manifest'), manifest);
    await writeFile(path.join(directory, 'signature-1'), signer.sign(digest));
  }
  await writeFile(path.join(storeDirectory, 'down'), [...down].map(toStoreSegment).join('\n'));
  const malformed = Math.round(pushes * MALFORMED);
  const malformedEvents = Math.ceil(malformed / 2);
  const events: Readonly<Record<string, unknown>>[] = [];
  const questions = new Set<string>();
  for (let index = 0; index < pushes - malformed; index += 1) {
    const digest = digests[index % count] ?? '';
    const tag = `4.99.${Math.floor(index / count) % 2}`;
    questions.add(`${digest} ${tag}`);
    const event = toEvent(`event-${index}`, digest, tag);
    events.push(event, ...(index % Math.round(1 / TWICE) === 0 ? [event] : []));
  }
  for (let index = 0; index < malformedEvents; index += 1) {
    events.splice(index * 7, 0, toEvent(`malformed-${index}`, `sha256:${'0'.repeat(60)}`, 'latest'));
  }
  const malformedBodies = Array.from({ length: malformed - malformedEvents }, (_, index) =>
    index % 2 === 0 ? `{"schema":1,"index":${index}}` : `not JSON ${index}`,
  );
  return { signer, digests, down, events, malformedBodies, questions, malformedEvents };
}

function toManifest(index: number): readonly [digest: Digest, text: string] {
  const config = {
    mediaType: 'application/vnd.oci.image.config.v1+json',
    digest: toDigest(`config ${index}`),
    size: 9,
  };
  const text = JSON.stringify({ schemaVersion: 2, config, layers: [] });
  return [parseDigest(toDigest(text)), text];
}

function toEvent(id: string, digest: string, tag: string): Readonly<Record<string, unknown>> {
  return {
    version: '0',
    id,
    'detail-type': 'ECR Image Action',
    source: 'aws.ecr',
    account: ACCOUNT,
    time: '2026-11-22T00:00:00Z',
    region: REGION,
    resources: [],
    detail: {
      result: 'SUCCESS',
      'repository-name': STRESS_REPOSITORY,
      'image-digest': digest,
      'action-type': 'PUSH',
      'image-tag': tag,
    },
  };
}
