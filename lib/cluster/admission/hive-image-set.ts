import { InputError } from '../../base/errors/input-error.ts';
import { isDigest } from '../../base/names/digest.ts';
import { parsePullspec } from '../../base/names/reference.ts';
import { type AdmissionAnswer, admit, deny } from './admission-answer.ts';

const PATH = 'spec.releaseImage';

/**
 * Answers a ClusterImageSet as Hive's own webhook does, with its messages (`openshift/hive`
 * pkg/validating-webhooks/hive/v1). It is stricter in one point: a pullspec or digest that Signet cannot parse is denied.
 *
 * @param verificationRequired whether an image without a digest is denied
 */
export function answerAsHive(releaseImage: string, verificationRequired: boolean): AdmissionAnswer {
  const fault = findFault(releaseImage, verificationRequired);
  return fault === undefined ? admit() : deny(422, `${PATH}: ${fault}`);
}

function findFault(releaseImage: string, verificationRequired: boolean): string | undefined {
  if (releaseImage === '') return 'Required value: release image must be specified';
  const invalid = (why: string): string => `Invalid value: ${JSON.stringify(releaseImage)}: ${why}`;
  // As Hive does: the digest follows the last at sign.
  const at = releaseImage.lastIndexOf('@');
  if (at < 0 && verificationRequired) {
    return invalid('only digest based release images are supported since release verification is required');
  }
  if (at >= 0 && !isDigest(releaseImage.slice(at + 1))) return invalid('release image digest is invalid');
  try {
    parsePullspec(releaseImage);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return invalid(error.message);
  }
  return undefined;
}
