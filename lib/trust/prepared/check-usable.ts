import { ConfigurationError } from '../../base/errors/configuration-error.ts';
import type { PreparedTrust } from './prepared-trust.ts';

type Usable = Pick<PreparedTrust, 'imagePolicies' | 'keyrings' | 'profile' | 'require' | 'stores' | 'verification'>;

/**
 * Fails closed: trust that requires nothing would accept everything. Only `verification: disabled` may do that.
 *
 * @throws ConfigurationError `TrustUnusable`
 */
export function checkUsable({ imagePolicies, keyrings, profile, require, stores, verification }: Usable): void {
  if (verification === 'disabled') return;
  const name = `the profile ${profile}`;
  if (keyrings.length === 0 && imagePolicies.length === 0) {
    throw unusable(`${name} has neither keyrings nor image policies; only verification: disabled turns it off`);
  }
  if (require === 'openpgp' && keyrings.length === 0) {
    throw unusable(`${name} requires openpgp and has no keyring: add a release-verification ConfigMap`);
  }
  if (require === 'sigstore' && imagePolicies.length === 0) {
    throw unusable(`${name} requires sigstore and has no image policy: add a ClusterImagePolicy or policy.json`);
  }
  if (keyrings.length > 0 && stores.length === 0) {
    throw unusable(`${name} has keyrings and no signature store to read from`);
  }
}

function unusable(reason: string): ConfigurationError {
  return new ConfigurationError('TrustUnusable', reason);
}
