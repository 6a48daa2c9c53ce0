import { parseMailbox } from '../../crypto/sigstore/x509/alternative-names.ts';
import type { PolicyRequirement } from './policy-requirement.ts';

const HOST = /^(?:\*\.)?[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*\.?$/;

/**
 * Why no certificate can name the subject that a requirement asks for; undefined where one can, or none is asked for.
 * Nodes compare email addresses and host names as they are written, and no policy has a field for the URI of a workflow.
 */
export function describeUnmeetableSubject(requirement: PolicyRequirement): string | undefined {
  if (requirement.type !== 'sigstoreSigned') return undefined;
  const { root } = requirement;
  switch (root.kind) {
    case 'keys':
      return undefined;
    case 'fulcio':
      return describeEmail(root.subjectEmail);
    case 'pki':
      return describeEmail(root.subjectEmail) ?? describeHost(root.subjectHostname);
    default:
      return root satisfies never;
  }
}

function describeEmail(email: string | undefined): string | undefined {
  if (email === undefined || parseMailbox(email) !== undefined) return undefined;
  const named = `${JSON.stringify(email)} is no email address, and nodes compare nothing else with it`;
  return URL.canParse(email) ? `${named}: the URI of a workflow cannot be asked for` : named;
}

function describeHost(host: string | undefined): string | undefined {
  if (host === undefined || HOST.test(host)) return undefined;
  return `${JSON.stringify(host)} is no host name, and nodes compare nothing else with it`;
}
