const LABEL = /^[a-z0-9_-]+$/;

/**
 * Whether a name of a certificate is the host asked for, as Go's VerifyHostname: letter case aside, a `*` in place of
 * the first label of the certificate's name. A host that is itself written with `*` has to be there as it is.
 */
export function matchesHostname(untrustedName: string, hostname: string): boolean {
  const name = untrustedName.toLowerCase();
  const host = hostname.toLowerCase();
  if (!isHostname(host.split('.'))) return host !== '' && name === host;
  const [nameFirst, ...nameRest] = name.split('.');
  const [hostFirst, ...hostRest] = host.split('.');
  if (!isHostname(nameRest) || nameRest.join('.') !== hostRest.join('.')) return name === host;
  return nameFirst === '*' || nameFirst === hostFirst;
}

/** A `*` alone must not stand for a host of one label. */
function isHostname(labels: readonly string[]): boolean {
  return labels.length > 0 && labels.every((label) => LABEL.test(label));
}
