import { type ManifestFormat, toManifestsText } from '../../lib/base/documents/manifest-text.ts';
import { ADMISSION_RESOURCES, type AdmissionResource } from '../../lib/cluster/objects/admission-kinds.ts';
import { toAdmissionPolicies } from '../../lib/cluster/render/admission/admission-policy.ts';
import { openTrust } from '../open/trust.ts';
import type { TrustOptions } from '../shell/options.ts';
import { ExitStatus } from '../shell/run-program.ts';

export interface RenderAdmissionPolicyOptions extends TrustOptions {
  readonly kind: readonly AdmissionResource[];
  readonly output: ManifestFormat;
}

/** @returns the exit status @throws InputError, ConfigurationError */
export async function renderAdmissionPolicy(options: RenderAdmissionPolicyOptions): Promise<number> {
  const { kind, output } = options;
  const { prepared: profile } = await openTrust(options);
  const wanted = ADMISSION_RESOURCES.filter((resource) => kind.length === 0 || kind.includes(resource));
  const text = toManifestsText(
    wanted.flatMap((resource) => toAdmissionPolicies(resource, profile)),
    output,
  );
  process.stderr.write('signet: these policies look at no signature: the webhook does, or the nodes do\n');
  process.stdout.write(text);
  return ExitStatus.done;
}
