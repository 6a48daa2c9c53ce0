import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import * as v from 'valibot';
import { InputError } from '../../../lib/base/errors/input-error.ts';
import { parsePullspec } from '../../../lib/base/names/reference.ts';
import {
  type AdmissionAnswer,
  answerFailure,
  describeReason,
  toAdmissionReview,
} from '../../../lib/cluster/admission/admission-answer.ts';
import { parseAdmissionReview } from '../../../lib/cluster/admission/admission-review.ts';
import { answerAsHive } from '../../../lib/cluster/admission/hive-image-set.ts';
import { readRequestedImages } from '../../../lib/cluster/admission/requested-images.ts';
import { ADMISSION_KINDS } from '../../../lib/cluster/objects/admission-kinds.ts';
import { parseJsonBytes } from '../../../lib/platform/lambda/read-request.ts';
import { parseHiveConfig } from '../../../lib/trust/documents/cluster-settings.ts';
import { parseTrustFile } from '../../../lib/trust/documents/parse-trust-file.ts';
import { prepareTrust } from '../../../lib/trust/prepare/prepare-trust.ts';
import type { TrustDocument } from '../../../lib/trust/prepared/trust-document.ts';
import { toReadyTrust } from '../../../lib/trust/source/trust-source.ts';
import { decidePullspec } from '../../../lib/verdict/judge/pullspec-policy.ts';
import type { Verdict } from '../../../lib/verdict/judge/verdict.ts';
import type { KindRunner } from '../kinds.ts';
import type { Vector } from '../read-vectors.ts';
import { VectorRejected } from '../vector-rejected.ts';
import { VECTOR_TIME } from '../vector-time.ts';

const NOW = new Date(VECTOR_TIME * 1000);

const Admission = v.looseObject({
  operation: v.string(),
  resource: v.object({ group: v.string(), version: v.string(), resource: v.string() }),
  verificationRequired: v.boolean(),
  object: v.optional(v.unknown()),
  objectBase64: v.optional(v.string()),
  oldObject: v.optional(v.unknown()),
  oldObjectBase64: v.optional(v.string()),
});

/** Hive's own decision: its rule alone, without a profile's canonical repositories. */
export const clusterImageSetAdmission: KindRunner = (vector) => {
  const inputs = v.parse(Admission, vector.inputs);
  const answer = answerVector(inputs);
  if (answer.allowed) return {};
  const { code, message } = answer;
  const { response } = v.parse(
    v.object({ response: v.object({ status: v.object({ reason: v.string() }) }) }),
    toAdmissionReview({ uid: '0', apiVersion: 'admission.k8s.io/v1' }, answer),
  );
  throw toRejection(vector, { code, message, reason: response.status.reason });
};

function answerVector(inputs: v.InferOutput<typeof Admission>): AdmissionAnswer {
  try {
    const review = parseAdmissionReview(parseJsonBytes(writeReview(inputs)));
    const { group, version } = ADMISSION_KINDS.clusterimagesets;
    if (!isDeepStrictEqual(review.resource, { group, version, resource: 'clusterimagesets' })) return ALLOWED;
    const [asked] = readRequestedImages('clusterimagesets', review).items;
    return asked?.kind === 'release' ? answerAsHive(asked.image, inputs.verificationRequired) : ALLOWED;
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return answerFailure(error);
  }
}

const ALLOWED: AdmissionAnswer = { allowed: true, warnings: [], recordIds: [] };

/** An object that is bytes stands as it is where JSON should: the body as a whole cannot be decoded then. */
function writeReview(inputs: v.InferOutput<typeof Admission>): Buffer {
  const { operation, resource, object = null, objectBase64, oldObject = null, oldObjectBase64 } = inputs;
  const toBytes = (base64: string | undefined, value: unknown): Buffer =>
    base64 === undefined ? Buffer.from(JSON.stringify(value)) : Buffer.from(base64, 'base64');
  const request = JSON.stringify({ uid: 'vector', operation, resource });
  return Buffer.concat([
    Buffer.from(
      `{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":${request.slice(0, -1)},"object":`,
    ),
    toBytes(objectBase64, object),
    Buffer.from(',"oldObject":'),
    toBytes(oldObjectBase64, oldObject),
    Buffer.from('}}'),
  ]);
}

const Condition = v.looseObject({
  releaseImage: v.string(),
  verifier: v.nullable(v.object({ kind: v.literal('release-verifier'), configMap: v.string() })),
});

/** Decided by the pullspec alone: no case of this kind comes to its signatures. */
export const releaseImageCondition: KindRunner = async (vector) => {
  const { releaseImage, verifier } = v.parse(Condition, vector.inputs);
  const pullspec = parsePullspec(releaseImage);
  if (verifier === null) return { condition: null, installerImageResolved: true };
  const trust = await prepareTrust('ocp', [await readDocument(vector, verifier.configMap)]);
  const verdict = decidePullspec({ pullspec }, toReadyTrust(trust, NOW), NOW);
  const condition = toHiveCondition(verdict);
  if (condition === undefined) return { condition: null, installerImageResolved: true };
  throw toRejection(vector, { condition, installerImageResolved: false });
};

/** The message of Hive for an image without a digest. */
const BY_TAG = 'release images that are not accessed via digest cannot be verified';

/** The condition that Hive sets on a ClusterDeployment for a verdict (`openshift/hive` apis/hive/v1). */
function toHiveCondition({ outcome, reasons }: Verdict): object | undefined {
  if (outcome === 'accepted') return undefined;
  const isByTag = reasons.some(({ code }) => code === 'DigestMissing');
  const message = isByTag ? BY_TAG : reasons.map(describeReason).join('; ');
  return { type: 'InstallImagesNotResolved', status: 'True', reason: 'ReleaseImageVerificationFailed', message };
}

const Config = v.looseObject({
  configMapNamespace: v.optional(v.string()),
  configMapName: v.optional(v.string()),
  configMap: v.optional(v.string()),
});

/** Hive's setting, and the ConfigMap that it names, annotated or not. */
export const verifierConfig: KindRunner = async (vector) => {
  const { configMapNamespace, configMapName, configMap } = v.parse(Config, vector.inputs);
  if (configMap !== undefined) return await useConfigMap(await readDocument(vector, configMap));
  const reference = { namespace: configMapNamespace, name: configMapName };
  const [source] = parseTrustFile(toHiveConfig(reference));
  if (source === undefined) throw new Error('no document');
  return { verificationRequired: parseHiveConfig(source).reference !== undefined };
};

async function useConfigMap(document: TrustDocument): Promise<Readonly<Record<string, unknown>>> {
  const [source] = parseTrustFile(document);
  const { metadata } = v.parse(
    v.looseObject({ metadata: v.looseObject({ namespace: v.string(), name: v.string() }) }),
    source?.content,
  );
  const { namespace, name } = metadata;
  const { keyrings, stores } = await prepareTrust('hive', [document, toHiveConfig({ namespace, name }), PROFILE]);
  return {
    verifiers: Object.fromEntries(
      keyrings.map((keyring) => [keyring.name, keyring.certificates.map(({ fingerprint }) => fingerprint)]),
    ),
    stores: stores.map(({ url }) => url),
  };
}

const PROFILE: TrustDocument = {
  name: 'profile.json',
  bytes: Buffer.from(
    JSON.stringify({
      apiVersion: 'signet/v1',
      kind: 'Profile',
      metadata: { name: 'hive' },
      spec: { canonicalRepositories: ['example.com/hive/release'] },
    }),
  ),
};

function toHiveConfig(reference: object): TrustDocument {
  const spec = { releaseImageVerificationConfigMapRef: reference };
  const content = { apiVersion: 'hive.openshift.io/v1', kind: 'HiveConfig', metadata: { name: 'hive' }, spec };
  return { name: 'hive-config.json', bytes: Buffer.from(JSON.stringify(content)) };
}

async function readDocument({ root }: Vector, file: string): Promise<TrustDocument> {
  return { name: path.basename(file), bytes: await readFile(path.join(root, file)) };
}

/** Hive's words are binding, also those of a rejection. */
function toRejection({ output }: Vector, answered: Readonly<Record<string, unknown>>): Error {
  for (const [member, wanted] of Object.entries(output)) {
    if (!isDeepStrictEqual(answered[member], wanted)) {
      return new Error(`output.${member} is ${JSON.stringify(answered[member])}, expected ${JSON.stringify(wanted)}`);
    }
  }
  return new VectorRejected(JSON.stringify(answered));
}
