import type { Verdict } from '../../verdict/judge/verdict.ts';
import { describeReason } from './describe-reason.ts';

/** The condition of a ClusterDeployment whose release image Hive will not install (`openshift/hive` apis/hive/v1). */
export interface HiveCondition {
  readonly type: 'InstallImagesNotResolved';
  readonly status: 'True';
  readonly reason: 'ReleaseImageVerificationFailed';
  readonly message: string;
}

/** What Hive says of an image that is named by tag. */
const BY_TAG = 'release images that are not accessed via digest cannot be verified';

/** A verdict as Hive puts it; undefined for an image that it installs. */
export function toHiveCondition({ outcome, reasons }: Pick<Verdict, 'outcome' | 'reasons'>): HiveCondition | undefined {
  if (outcome === 'accepted') return undefined;
  const isByTag = reasons.some(({ code }) => code === 'DigestMissing');
  const message = isByTag ? BY_TAG : reasons.map(describeReason).join('; ');
  return { type: 'InstallImagesNotResolved', status: 'True', reason: 'ReleaseImageVerificationFailed', message };
}
