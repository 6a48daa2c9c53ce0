import { z } from 'zod';
import { parseDigest } from '../../../lib/pullspec/digest.ts';
import { parseSimpleSigningPayload } from '../../../lib/verification/simple-signing-payload.ts';
import { verifyIdentity } from '../../../lib/verification/verify-signature.ts';
import type { KindRunner } from '../kinds.ts';

const Inputs = z.looseObject({ payloadBase64: z.string(), releaseDigest: z.string().optional() });

export const simpleSigningStrict: KindRunner = ({ inputs }) => {
  const { payloadBase64 } = Inputs.parse(inputs);
  const { digest, dockerReference } = parseSimpleSigningPayload(Buffer.from(payloadBase64, 'base64'), 'strict');
  return { digest, dockerReference };
};

export const simpleSigningRelease: KindRunner = ({ inputs }) => {
  const { payloadBase64, releaseDigest } = Inputs.parse(inputs);
  const wanted = parseDigest(releaseDigest ?? '');
  const { digest, dockerReference } = parseSimpleSigningPayload(Buffer.from(payloadBase64, 'base64'), 'release');
  verifyIdentity(digest, dockerReference, { digest: wanted, signedRepositories: undefined });
  return { digest, dockerReference };
};
