import { randomBytes } from 'node:crypto';
import { InputError } from '../../base/errors/input-error.ts';

/** 128 random bits in lower-case hex: it names one request for a bundle, and nobody guesses another's. */
const ID = /^[0-9a-f]{32}$/;

export function isBundleId(text: string): boolean {
  return ID.test(text);
}

/** @throws InputError `ArgumentInvalid`: an id becomes a part of object keys */
export function parseBundleId(text: string): string {
  if (isBundleId(text)) return text;
  throw new InputError('ArgumentInvalid', 'the id of a bundle is 32 lower-case hex digits');
}

export function createBundleId(): string {
  return randomBytes(16).toString('hex');
}
