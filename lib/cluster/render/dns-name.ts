import { InputError } from '../../base/errors/input-error.ts';

const LABEL = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?';
const SUBDOMAIN = new RegExp(`^${LABEL}(?:\\.${LABEL})*$`);
const MAX_LENGTH = 253;

/** True for what can name a ConfigMap: a DNS-1123 subdomain. */
export function isDnsName(text: string): boolean {
  return text.length <= MAX_LENGTH && SUBDOMAIN.test(text);
}

/** @throws InputError `ArgumentInvalid` */
export function parseDnsName(text: string): string {
  if (isDnsName(text)) return text;
  const shown = JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text);
  throw new InputError('ArgumentInvalid', `${shown} cannot name a Kubernetes object: use a-z, 0-9, "-" and "."`);
}
