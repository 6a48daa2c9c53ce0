import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import * as v from 'valibot';
import { formatDockerReference, parseDockerReference } from '../../../lib/base/names/docker-reference.ts';
import { formatSignatureBlob } from '../../../lib/crypto/sigstore/signature-blob.ts';
import type { Vector } from '../../conformance/read-vectors.ts';
import { makeSignature, SIGNER, toPayload, toPem } from '../../crypto/sigstore/make-signature.ts';
import { toDigest } from '../../registry/client/registry-setup.ts';
import type { OracleQuestion } from './ask-oracle.ts';

/** What the library is asked about a vector, and which of its answers means "accept"; undefined: it has no such question. */
export interface VectorQuestion {
  readonly question: OracleQuestion;
  /** Undefined: any answer without an error. */
  readonly accepts?: ((output: Readonly<Record<string, unknown>>, error: string) => boolean) | undefined;
}

const Text = v.looseObject({ text: v.string() });
const Image = v.looseObject({ imageDirectory: v.string(), dockerReference: v.string() });
const Message = v.looseObject({ signature: v.string() });
const Keyrings = v.looseObject({ keyrings: v.array(v.string()) });
const Match = v.looseObject({ type: v.string(), signedReference: v.string(), imageReference: v.nullish(v.string()) });
const Remap = v.looseObject({ reference: v.string(), prefix: v.string(), signedPrefix: v.optional(v.string()) });
const ManifestSignature = v.looseObject({
  ...Message.entries,
  ...Keyrings.entries,
  manifest: v.string(),
  dockerReference: v.string(),
  acceptedFingerprints: v.array(v.string()),
});
const RekorSet = v.looseObject({
  rekorKeys: v.array(v.string()),
  set: v.string(),
  keyOrCertificate: v.string(),
  signatureBase64: v.string(),
  payload: v.string(),
});
const Payload = v.looseObject({ payloadBase64: v.string() });

/** The questions by area and kind. `scratch` is an empty folder for images that a case needs. */
export async function toVectorQuestion(vector: Vector, scratch: string): Promise<VectorQuestion | undefined> {
  const { inputs, root, output } = vector;
  const read = (file: string): Promise<Buffer> => readFile(path.join(root, file));
  const readAll = (files: readonly string[]): Promise<readonly Buffer[]> => Promise.all(files.map(read));
  const text = (): string => v.parse(Text, inputs).text;
  switch (`${vector.area} ${vector.kind}`) {
    case 'policy policy-json':
      return { question: { operation: 'policy', bytes: Buffer.from(text()) } };
    case 'policy requirement-json':
      return { question: { operation: 'policy', bytes: Buffer.from(`{"default":[${text()}]}`) } };
    case 'policy reference-match-json': {
      const requirement = `{"type":"signedBy","keyType":"GPGKeys","keyPath":"/a","signedIdentity":${text()}}`;
      return { question: { operation: 'policy', bytes: Buffer.from(`{"default":[${requirement}]}`) } };
    }
    case 'policy match': {
      const { signedReference, imageReference, ...identity } = v.parse(Match, inputs);
      return await toMatch(scratch, identity, imageReference ?? '', signedReference);
    }
    case 'policy remap-prefix-match':
    case 'policy remap': {
      const { reference, prefix, signedPrefix = 'renamed.test/by' } = v.parse(Remap, inputs);
      const named = formatDockerReference(parseDockerReference(reference));
      // A case without a result asks whether the prefix is exchanged; a name alone needs a tag to match anything.
      const suffix = /[:@][^/]*$/.test(named) ? '' : ':tag';
      const exchanged = `${signedPrefix}${named.slice(prefix.length)}`;
      const signed = typeof output['reference'] === 'string' ? output['reference'] : exchanged;
      const identity = { type: 'remapIdentity', prefix, signedPrefix };
      return await toMatch(scratch, identity, `${named}${suffix}`, `${signed}${suffix}`);
    }
    case 'policy scope-lookup': {
      const { reference } = v.parse(v.looseObject({ reference: v.string() }), inputs);
      const accepts: VectorQuestion['accepts'] = (said) => said['identity'] !== undefined && includes(said, output);
      return { question: { operation: 'reference', reference }, accepts };
    }
    case 'policy parse-reference': {
      const { reference } = v.parse(v.looseObject({ reference: v.string() }), inputs);
      return { question: { operation: 'reference', reference }, accepts: (said) => includes(said, output) };
    }
    case 'policy policy-eval':
    case 'policy requirement-eval':
    case 'sigstore requirement-eval': {
      const { imageDirectory, dockerReference, policy, requirement } = v.parse(Image, inputs);
      const bytes =
        typeof policy === 'string' ? await read(policy) : Buffer.from(JSON.stringify({ default: [requirement] }));
      const directory = path.join(root, imageDirectory);
      return { question: { operation: 'evaluate', bytes, directory, reference: dockerReference } };
    }
    case 'registriesd lookaside-url': {
      const given = v.parse(
        v.looseObject({ configDirectory: v.string(), reference: v.string(), forWriting: v.boolean() }),
        inputs,
      );
      const registriesD = path.join(root, given.configDirectory);
      const question = { operation: 'lookaside', reference: given.reference, registriesD, write: given.forWriting };
      return { question, accepts: ({ url }) => output['url'] === undefined || url === output['url'] };
    }
    case 'payload simple-signing-strict':
      return { question: { operation: 'payload-strict', bytes: toPayloadBytes(inputs) } };
    case 'sigstore payload-json':
      return { question: { operation: 'payload-cosign', bytes: toPayloadBytes(inputs) } };
    case 'sigstore rekor-set-json':
      return { question: { operation: 'rekor-set-json', bytes: Buffer.from(text()) } };
    case 'sigstore rekor-payload-json':
      return { question: { operation: 'rekor-payload-json', bytes: Buffer.from(text()) } };
    case 'openpgp verify-message': {
      const { signature, keyrings } = v.parse(v.looseObject({ ...Message.entries, ...Keyrings.entries }), inputs);
      return { question: { operation: 'message', bytes: await read(signature), keys: await readAll(keyrings) } };
    }
    case 'openpgp import-keyring': {
      const question = { operation: 'import-keys', keys: await readAll(v.parse(Keyrings, inputs).keyrings) };
      return { question, accepts: (said) => includes(said, output) };
    }
    case 'openpgp verify-manifest-signature': {
      const given = v.parse(ManifestSignature, inputs);
      const keys = await readAll(given.keyrings);
      const [bytes, payload] = [await read(given.signature), await read(given.manifest)];
      const question = { operation: 'manifest-signature', bytes, keys, payload, reference: given.dockerReference };
      // The library takes every key of the keyring; the case may name fewer.
      return { question, accepts: ({ key }) => given.acceptedFingerprints.includes(String(key)) };
    }
    case 'sigstore rekor-set-verify': {
      const { rekorKeys, set, keyOrCertificate, signatureBase64: signature, payload } = v.parse(RekorSet, inputs);
      const [keys, bytes] = [await readAll(rekorKeys), await read(set)];
      const reference = (await read(keyOrCertificate)).toString('latin1');
      const question = { operation: 'rekor-set', keys, bytes, reference, signature, payload: await read(payload) };
      return { question, accepts: (said) => includes(said, output) };
    }
    case 'openpgp untrusted-contents':
      return { question: { operation: 'untrusted-contents', bytes: await read(v.parse(Message, inputs).signature) } };
    default:
      return undefined;
  }
}

function toPayloadBytes(inputs: Vector['inputs']): Buffer {
  return Buffer.from(v.parse(Payload, inputs).payloadBase64, 'base64');
}

function includes(said: Readonly<Record<string, unknown>>, output: Vector['output']): boolean {
  return Object.entries(output).every(([member, value]) => JSON.stringify(said[member]) === JSON.stringify(value));
}

let made = 0;

/** An image that is signed under one name and asked for under another, by the one identity. */
async function toMatch(
  scratch: string,
  signedIdentity: object,
  reference: string,
  signedReference: string,
): Promise<VectorQuestion> {
  made += 1;
  const directory = path.join(scratch, `match-${made}`);
  await mkdir(directory);
  const config = { mediaType: 'application/vnd.oci.image.config.v1+json', size: 2, digest: toDigest('{}') };
  const mediaType = 'application/vnd.oci.image.manifest.v1+json';
  const manifest = JSON.stringify({ schemaVersion: 2, mediaType, config, layers: [] });
  // A digest in the name of the image has to be that of the image.
  const named = /sha256:[0-9a-f]{64}$/.exec(reference)?.[0];
  const rename = (text: string): string => (named === undefined ? text : text.replaceAll(named, toDigest(manifest)));
  const payload = toPayload(rename(signedReference), toDigest(manifest));
  await writeFile(path.join(directory, 'version'), 'Directory Transport Version: 1.1\n');
  await writeFile(path.join(directory, 'manifest.json'), manifest);
  await writeFile(path.join(directory, 'signature-1'), formatSignatureBlob(makeSignature({ keys: SIGNER, payload })));
  const keyData = Buffer.from(toPem(SIGNER.publicKey)).toString('base64');
  const policy = { default: [{ type: 'sigstoreSigned', keyData, signedIdentity }] };
  return {
    question: {
      operation: 'evaluate',
      bytes: Buffer.from(JSON.stringify(policy)),
      directory,
      reference: rename(reference),
    },
  };
}
