import { expect } from 'vitest';
import { ConfigurationError, type ConfigurationErrorCode } from '../../lib/base/errors/configuration-error.ts';

/** What a ConfigurationError says, or undefined when nothing was thrown; anything else thrown fails the test. */
export async function configurationErrorOf(
  act: () => unknown,
): Promise<{ code: ConfigurationErrorCode; message: string } | undefined> {
  try {
    await act();
    return undefined;
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigurationError);
    if (!(error instanceof ConfigurationError)) throw error;
    return { code: error.code, message: error.message };
  }
}
