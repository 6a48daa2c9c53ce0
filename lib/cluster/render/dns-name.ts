import { InputError } from '../../base/errors/input-error.ts';

const LABEL = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?';
const SUBDOMAIN = new RegExp(`^${LABEL}(?:\\.${LABEL})*$`);
const MAX_LENGTH = 253;

/** Parses the name of a Kubernetes object: a DNS-1123 subdomain. @throws InputError `ArgumentInvalid` */
export function parseDnsName(text: string): string {
  if (text.length <= MAX_LENGTH && SUBDOMAIN.test(text)) return text;
  const shown = JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text);
  throw new InputError('ArgumentInvalid', `${shown} is not a name of a Kubernetes object: use a-z, 0-9, "-" and "."`);
}
