import { ConfigurationError } from '../../base/errors/configuration-error.ts';

/**
 * What is only remembered to save work: broken, it is as good as forgotten, and must not keep anything from being
 * mirrored. @throws ConfigurationError `SchemaUnsupported`: what a newer version remembers is not overwritten
 */
export function parseUnlessBroken<T>(parse: () => T): T | undefined {
  try {
    return parse();
  } catch (error) {
    if (error instanceof ConfigurationError && error.code === 'RevisionInvalid') return undefined;
    throw error;
  }
}
