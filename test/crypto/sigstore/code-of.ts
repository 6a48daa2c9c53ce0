import { ConfigurationError } from '../../../lib/base/errors/configuration-error.ts';
import { SignatureError } from '../../../lib/base/errors/signature-error.ts';

/** `accept`, or the code of the rejection; any other error goes on up. */
export function codeOf(verify: () => unknown): string {
  try {
    verify();
    return 'accept';
  } catch (error) {
    if (error instanceof SignatureError || error instanceof ConfigurationError) return error.code;
    throw error;
  }
}
