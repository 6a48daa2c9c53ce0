import { InputError } from '../../../base/errors/input-error.ts';
import { compareMinors, parseMinor, toMinor } from '../release-version.ts';

/** From here on a release ships the ClusterImagePolicy `openshift`, active without a feature gate. */
export const SHIPS_CLUSTER_IMAGE_POLICY = '4.21';

/** A MachineConfig that the cluster makes itself and that may hold policy.json. */
export function toGeneratedName(pool: string): string {
  return `99-${pool}-generated-registries`;
}

/**
 * What to know before a MachineConfig of this name meets that version: which of two owners of policy.json wins. The
 * machine-config operator merges in the order of names, and the last one owns the file.
 *
 * @param version such as 4.21 or 4.21.3
 * @throws InputError `ArgumentInvalid` for what is no version
 */
export function describeTarget(version: string, name: string, pool: string): string | undefined {
  const minor = toMinor(version) ?? parseTargetMinor(version);
  if (compareMinors(minor, SHIPS_CLUSTER_IMAGE_POLICY) < 0) return undefined;
  const generated = toGeneratedName(pool);
  const ships = `${minor} ships the ClusterImagePolicy openshift, for which ${generated} owns /etc/containers/policy.json`;
  if (name < generated) {
    return `${ships} and sorts after ${name}: this policy.json will not be on the nodes; write a ClusterImagePolicy instead`;
  }
  return `${ships}; ${name} sorts after it and replaces that file: the release’s own signatures are then verified only if this policy.json says so`;
}

function parseTargetMinor(text: string): string {
  try {
    return parseMinor(text);
  } catch (cause) {
    throw new InputError('ArgumentInvalid', `${JSON.stringify(text)} is not a version: expected one such as 4.21`, {
      cause,
    });
  }
}
