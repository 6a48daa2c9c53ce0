import * as v from 'valibot';
import { parseDigest } from '../../../lib/base/names/digest.ts';
import { parseSimpleSigningPayload } from '../../../lib/crypto/simple-signing-payload.ts';
import { verifyDigest } from '../../../lib/verdict/judge/verify-signature.ts';
import type { KindRunner } from '../kinds.ts';

const Inputs = v.looseObject({ payloadBase64: v.string(), releaseDigest: v.optional(v.string()) });

export const simpleSigningStrict: KindRunner = ({ inputs }) => {
  const { payloadBase64 } = v.parse(Inputs, inputs);
  const { digest, dockerReference } = parseSimpleSigningPayload(Buffer.from(payloadBase64, 'base64'), 'strict');
  return { digest, dockerReference };
};

export const simpleSigningRelease: KindRunner = ({ inputs }) => {
  const { payloadBase64, releaseDigest } = v.parse(Inputs, inputs);
  const wanted = parseDigest(releaseDigest ?? '');
  const { digest, dockerReference } = parseSimpleSigningPayload(Buffer.from(payloadBase64, 'base64'), 'release');
  verifyDigest(digest, wanted);
  return { digest, dockerReference };
};
