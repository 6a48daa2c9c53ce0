import { hash } from 'node:crypto';
import { parsePullspec } from '../../base/names/pullspec.ts';
import { repositoryHost, repositoryPath } from '../../base/names/repository.ts';
import type { Manifest } from '../../registry/client/registry-client.ts';
import type { Decision } from '../decide/decide-image.ts';
import { toRecordId } from './to-record-id.ts';
import {
  type Asked,
  MAX_EMBEDDED_BYTES,
  type RecordedManifest,
  type RecordedSignature,
  type VerdictRecord,
} from './verdict-record.ts';

/** What somebody asked for by pullspec alone. @throws InputError `PullspecInvalid` or `DigestInvalid` */
export function toAsked(source: 'api' | 'cli', text: string): Asked {
  const { repository, tag } = parsePullspec(text);
  const names = { registry: repositoryHost(repository), repository: repositoryPath(repository) };
  return { source, ...names, ...(tag === undefined ? {} : { tag }), pullspec: text };
}

/** The record of a decision, with every signature that was examined for it. */
export function toRecord(asked: Asked, decision: Decision): VerdictRecord {
  const { verdict } = decision;
  return {
    schema: 2,
    id: toRecordId(asked, verdict),
    asked,
    verdict,
    manifests: decision.manifests.map(toRecordedManifest),
    signatures: toRecordedSignatures(decision),
    firstDecidedAt: verdict.decidedAt,
  };
}

function toRecordedManifest({ digest, mediaType, bytes }: Manifest): RecordedManifest {
  return { digest, mediaType, bytes: Buffer.from(bytes).toString('base64') };
}

function toRecordedSignatures(decision: Pick<Decision, 'verified' | 'examined'>): readonly RecordedSignature[] {
  const embedded = new Set(selectEmbedded(decision).keys());
  return decision.examined.map(({ store, location, image, bytes }) => {
    const sha256 = hash('sha256', bytes);
    // Deletes what it finds: each is embedded once.
    const isEmbedded = embedded.delete(sha256);
    const signature = { store, location, ...(image === undefined ? {} : { image }), sha256 };
    return isEmbedded ? { ...signature, bytes: Buffer.from(bytes).toString('base64') } : signature;
  });
}

/** Of the distinct signatures, those that fit: what verifies first, then the others. */
function selectEmbedded({ verified, examined }: Pick<Decision, 'verified' | 'examined'>): Map<string, Uint8Array> {
  const candidates = verified.map(({ bytes }) => bytes);
  const selected = new Map<string, Uint8Array>();
  let total = 0;
  for (const bytes of [...candidates, ...examined.map((signature) => signature.bytes)]) {
    const sha256 = hash('sha256', bytes);
    if (selected.has(sha256) || total + bytes.length > MAX_EMBEDDED_BYTES) continue;
    selected.set(sha256, bytes);
    total += bytes.length;
  }
  return selected;
}
