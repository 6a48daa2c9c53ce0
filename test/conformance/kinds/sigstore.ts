import { readFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import * as v from 'valibot';
import { decodeBase64 } from '../../../lib/base/documents/decode.ts';
import { parseDigest } from '../../../lib/base/names/digest.ts';
import { parseDockerReference, withDefaultTag } from '../../../lib/base/names/docker-reference.ts';
import { parseRekorPayload, parseRekorSet, verifyRekorSet } from '../../../lib/crypto/sigstore/rekor-set.ts';
import {
  COSIGN_SIGNATURE_TYPE,
  CosignAnnotation,
  parseSignatureBlob,
} from '../../../lib/crypto/sigstore/signature-blob.ts';
import {
  prepareSigstoreTrust,
  type SigstoreTrust,
  type SigstoreTrustSource,
} from '../../../lib/crypto/sigstore/sigstore-trust.ts';
import { verifyCosignSignature } from '../../../lib/crypto/sigstore/verify-cosign-signature.ts';
import { parseLeafCertificate, parseSentIntermediates } from '../../../lib/crypto/sigstore/x509/certificate.ts';
import { trySinglePem } from '../../../lib/crypto/sigstore/x509/der.ts';
import { verifyFulcioCertificate, verifyPkiCertificate } from '../../../lib/crypto/sigstore/x509/signer-certificate.ts';
import { parseSimpleSigningPayload } from '../../../lib/crypto/simple-signing-payload.ts';
import { openDirectoryImage } from '../../../lib/registry/images/open-local-image.ts';
import { parseTrustFile } from '../../../lib/trust/documents/parse-trust-file.ts';
import { parseClusterImagePolicy } from '../../../lib/trust/policy/parse-cluster-image-policy.ts';
import { parsePolicyRequirement } from '../../../lib/trust/policy/parse-policy-requirement.ts';
import { PolicyError } from '../../../lib/trust/policy/policy-members.ts';
import type { SigstoreRoot } from '../../../lib/trust/policy/policy-requirement.ts';
import { decideByPolicy } from '../../../lib/verdict/decide/decide-by-policy.ts';
import type { KindRunner } from '../kinds.ts';
import type { Vector } from '../read-vectors.ts';
import { VectorRejected } from '../vector-rejected.ts';
import { VECTOR_TIME } from '../vector-time.ts';

export const blobFormat: KindRunner = async ({ inputs, root }) => {
  const { blob } = v.parse(v.looseObject({ blob: v.string() }), inputs);
  return { format: parseSignatureBlob(await readFile(path.join(root, blob))).format };
};

export const payloadJson: KindRunner = ({ inputs }) => {
  const { payloadBase64 } = v.parse(v.looseObject({ payloadBase64: v.string() }), inputs);
  return { ...parseSimpleSigningPayload(Buffer.from(payloadBase64, 'base64'), 'cosign') };
};

const Payload = v.looseObject({
  publicKeys: v.array(v.string()),
  payloadBase64: v.string(),
  signatureBase64: v.string(),
  expectedReference: v.string(),
  expectedDigest: v.string(),
});

export const payloadVerify: KindRunner = async ({ inputs, root }) => {
  const { publicKeys, payloadBase64, signatureBase64, expectedReference, expectedDigest } = v.parse(Payload, inputs);
  const trust = prepareTrust({ kind: 'keys', keys: publicKeys, rekorKeys: [] }, root);
  const signature = {
    mimeType: COSIGN_SIGNATURE_TYPE,
    payload: Buffer.from(payloadBase64, 'base64'),
    annotations: new Map([[CosignAnnotation.signature, signatureBase64]]),
  };
  const acceptsReference = (signed: string) => signed === expectedReference;
  const wanted = { digest: parseDigest(expectedDigest), acceptsReference };
  const { digest, signedReference } = verifyCosignSignature(signature, trust, wanted, VECTOR_TIME);
  return { digest, signedReference };
};

const Text = v.looseObject({ text: v.string() });

export const rekorSetJson: KindRunner = ({ inputs }) => ({ ...parseRekorSet(v.parse(Text, inputs).text) });

export const rekorPayloadJson: KindRunner = ({ inputs }) => ({ ...parseRekorPayload(v.parse(Text, inputs).text) });

const Logged = v.looseObject({
  rekorKeys: v.array(v.string()),
  set: v.string(),
  keyOrCertificate: v.string(),
  signatureBase64: v.string(),
  payload: v.string(),
});

export const rekorSetVerify: KindRunner = async ({ inputs, root }) => {
  const { rekorKeys, set, keyOrCertificate, signatureBase64, payload } = v.parse(Logged, inputs);
  const trust = prepareTrust({ kind: 'keys', keys: rekorKeys, rekorKeys }, root);
  if (trust.kind !== 'keys') throw new Error('not keys');
  const block = trySinglePem(await readFile(path.join(root, keyOrCertificate), 'latin1'));
  if (block === undefined) throw new VectorRejected('the key or certificate is not one PEM block');
  const integratedTime = verifyRekorSet(trust.rekorKeys, await readFile(path.join(root, set), 'utf8'), {
    keyOrCertificate: block.der,
    signature: decodeBase64(signatureBase64, 'the signature'),
    content: await readFile(path.join(root, payload)),
  });
  return { integratedTime };
};

const FulcioCertificate = v.looseObject({
  certificate: v.string(),
  chain: v.nullable(v.string()),
  ca: v.string(),
  oidcIssuer: v.string(),
  subjectEmail: v.string(),
  time: v.number(),
});

export const fulcioCertificate: KindRunner = async ({ inputs, root }) => {
  const { certificate, chain, ca, oidcIssuer, subjectEmail, time } = v.parse(FulcioCertificate, inputs);
  const trust = prepareTrust({ kind: 'fulcio', ca, oidcIssuer, subjectEmail, rekorKeys: ['keys/rekor.pub'] }, root);
  if (trust.kind !== 'fulcio') throw new Error('not Fulcio');
  const { leaf, intermediates } = await readSent(root, certificate, chain);
  verifyFulcioCertificate(leaf, intermediates, trust, time);
  return {};
};

const PkiCertificate = v.looseObject({
  certificate: v.string(),
  chain: v.nullable(v.string()),
  roots: v.string(),
  intermediates: v.nullable(v.string()),
  subjectEmail: v.nullable(v.string()),
  subjectHostname: v.nullable(v.string()),
  time: v.number(),
});

export const pkiCertificate: KindRunner = async ({ inputs, root }) => {
  const { certificate, chain, roots, intermediates: configured, time, ...subject } = v.parse(PkiCertificate, inputs);
  const source = {
    kind: 'pki' as const,
    caRoots: roots,
    caIntermediates: configured ?? undefined,
    subjectEmail: subject.subjectEmail ?? undefined,
    subjectHostname: subject.subjectHostname ?? undefined,
  };
  const trust = prepareTrust(source, root);
  if (trust.kind !== 'pki') throw new Error('not PKI');
  const { leaf, intermediates } = await readSent(root, certificate, chain);
  verifyPkiCertificate(leaf, intermediates, trust, time);
  return {};
};

const Requirement = v.looseObject({
  imageDirectory: v.string(),
  dockerReference: v.string(),
  requirement: v.unknown(),
});

/** The requirement as `policy.json` has it, with the identity matching that judges images of a policy. */
export const sigstoreRequirement: KindRunner = async ({ inputs, root }) => {
  const { imageDirectory, dockerReference, requirement: content } = v.parse(Requirement, inputs);
  const requirement = rejectingPolicyErrors(() => parsePolicyRequirement(content, []));
  if (requirement.type !== 'sigstoreSigned') throw new Error(`not sigstoreSigned: ${requirement.type}`);
  const directory = await openDirectoryImage(path.join(root, imageDirectory));
  const { outcome, requirements } = await decideByPolicy({
    source: {
      ...directory,
      image: { transport: 'docker', reference: withDefaultTag(parseDockerReference(dockerReference)) },
    },
    policy: { default: [requirement], transports: new Map() },
    keys: () => Promise.reject(new Error('no OpenPGP key is needed')),
    sigstore: { readFile: async (file) => readKeyFile(root, file), bundleIdentity: 'refuse' },
    now: new Date(VECTOR_TIME * 1000),
    signal: new AbortController().signal,
  });
  const attempts = requirements.flatMap((result) => result.attempts);
  if (outcome !== 'accepted') throw new VectorRejected(JSON.stringify(requirements));
  return { attempts };
};

/** Paths of a requirement are relative to the root of the set. */
function prepareRoot(sigstoreRoot: SigstoreRoot, root: string): SigstoreTrust {
  return prepareSigstoreTrust(sigstoreRoot, (source) =>
    source.kind === 'data' ? source.bytes : readKeyFile(root, source.path),
  );
}

function prepareTrust(source: SigstoreTrustSource<string>, root: string): SigstoreTrust {
  return prepareSigstoreTrust(source, (file) => readKeyFile(root, file));
}

/** A key that is not there is one that does not parse. */
function readKeyFile(root: string, file: string): Uint8Array {
  try {
    return readFileSync(path.join(root, file));
  } catch (cause) {
    throw new VectorRejected(String(cause));
  }
}

async function readSent(root: Vector['root'], certificate: string, chain: string | null) {
  const leaf = parseLeafCertificate(await readFile(path.join(root, certificate), 'latin1'));
  const sent = chain === null ? undefined : await readFile(path.join(root, chain), 'latin1');
  return { leaf, intermediates: parseSentIntermediates(sent) };
}

function rejectingPolicyErrors<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (error instanceof PolicyError) throw new VectorRejected(error.message);
    throw error;
  }
}

const Manifest = v.looseObject({ manifest: v.string() });

/** The key is told by the file of the set that holds the same bytes. */
export const clusterImagePolicy: KindRunner = async ({ inputs, root }) => {
  const { manifest } = v.parse(Manifest, inputs);
  const [document] = parseTrustFile({ name: manifest, bytes: await readFile(path.join(root, manifest)) });
  const policy = rejectingPolicyErrors(() => parseClusterImagePolicy(document?.content));
  const { requirement } = policy;
  if (requirement.type === 'unsupported') throw new VectorRejected(requirement.fault);
  const trust = prepareRoot(requirement.root, root);
  if (trust.kind !== 'keys') throw new Error('not a public key');
  const [key] = trust.keys;
  const { modulusLength } = key?.asymmetricKeyDetails ?? {};
  return {
    scopes: policy.scopes,
    publicKey: await findKeyFile(root, requirement.root),
    keyAlgorithm: `${key?.asymmetricKeyType?.toUpperCase()} ${modulusLength}`,
  };
};

async function findKeyFile(root: string, policyRoot: SigstoreRoot): Promise<string | undefined> {
  const [source] = policyRoot.kind === 'keys' ? policyRoot.keys : [];
  if (source?.kind !== 'data') return undefined;
  const names = await readdir(path.join(root, 'keys'));
  const files = await Promise.all(names.map((name) => readFile(path.join(root, 'keys', name))));
  const found = files.findIndex((bytes) => bytes.equals(source.bytes));
  return found < 0 ? undefined : `keys/${names[found]}`;
}
