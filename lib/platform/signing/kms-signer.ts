import { createPublicKey, hash, type KeyObject } from 'node:crypto';
import * as v from 'valibot';
import { ConfigurationError } from '../../base/errors/configuration-error.ts';
import { StoreError } from '../../base/errors/store-error.ts';
import { toAwsStoreError } from '../aws/aws-fault.ts';
import type { AwsSettings } from '../aws/aws-settings.ts';
import { toKmsEndpoint } from '../aws/endpoints.ts';
import { AwsRequestError, createSignedSender } from '../aws/signed-request.ts';
import type { Signer } from './signer.ts';

const TIMEOUT_MS = 5000;
const MAX_ANSWER_BYTES = 64 * 1024;
/** The one kind of key that is taken, and how it signs. */
const KEY_SPEC = 'ECC_NIST_P256';
const ALGORITHM = 'ECDSA_SHA_256';

const base64 = v.pipe(
  v.string(),
  v.transform((text) => Buffer.from(text, 'base64')),
);
const PublicKeyAnswer = v.looseObject({ PublicKey: base64, KeySpec: v.string(), KeyUsage: v.string() });
const SignAnswer = v.looseObject({ Signature: base64, SigningAlgorithm: v.literal(ALGORITHM) });

/**
 * Signs with a key of KMS, without the AWS SDK. It needs `kms:Sign` and `kms:GetPublicKey` on that key, in whose region it
 * is asked.
 *
 * @throws ConfigurationError `KeyUnsupported` for another kind of key; StoreError
 */
export async function createKmsSigner(arn: string, settings: AwsSettings): Promise<Signer> {
  const region = arn.split(':')[3] ?? settings.region;
  const url = toKmsEndpoint({ region, endpoints: settings.endpoints });
  const send = createSignedSender({ ...settings, service: 'kms', region, timeoutMs: TIMEOUT_MS });

  async function ask<T>(target: string, question: object, schema: v.GenericSchema<unknown, T>): Promise<T> {
    const headers = { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': `TrentService.${target}` };
    const body = Buffer.from(JSON.stringify({ KeyId: arn, ...question }));
    try {
      const { bytes } = await send({ method: 'POST', url, headers, body, limitBytes: MAX_ANSWER_BYTES });
      return parse(bytes, target, schema);
    } catch (error) {
      if (error instanceof AwsRequestError) throw toAwsStoreError(error.fault, `${target} of ${arn}`);
      throw error;
    }
  }

  const { PublicKey, KeySpec, KeyUsage } = await ask('GetPublicKey', {}, PublicKeyAnswer);
  if (KeySpec !== KEY_SPEC || KeyUsage !== 'SIGN_VERIFY') {
    const fault = `${arn}: a key of the kind ${KeySpec} for ${KeyUsage}; use ${KEY_SPEC} for SIGN_VERIFY`;
    throw new ConfigurationError('KeyUnsupported', fault);
  }
  const publicKey = readKey(PublicKey, arn);
  return {
    description: arn,
    publicKey,
    async sign(content) {
      const question = {
        Message: hash('sha256', content, 'buffer').toString('base64'),
        MessageType: 'DIGEST',
        SigningAlgorithm: ALGORITHM,
      };
      return (await ask('Sign', question, SignAnswer)).Signature;
    },
  };
}

function parse<T>(bytes: Uint8Array, target: string, schema: v.GenericSchema<unknown, T>): T {
  let content: unknown;
  try {
    content = JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch (cause) {
    throw new StoreError('BodyInvalid', `KMS did not answer ${target} in JSON`, { cause });
  }
  const answer = v.safeParse(schema, content);
  if (answer.success) return answer.output;
  throw new StoreError('BodyInvalid', `KMS answered ${target} with something else`);
}

function readKey(der: Buffer, arn: string): KeyObject {
  try {
    return createPublicKey({ key: der, format: 'der', type: 'spki' });
  } catch (cause) {
    throw new StoreError('BodyInvalid', `the public key of ${arn} does not parse`, { cause });
  }
}
