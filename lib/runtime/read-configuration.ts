import { ConfigurationError } from '../errors/configuration-error.ts';

/** What a function is told by its environment. */
export interface FunctionConfiguration {
  /** `s3://bucket[/prefix]` or a directory. */
  readonly objects: string;
  readonly profiles: readonly string[];
  /** Empty for a function that does not need it. */
  readonly mirrorQueueUrl: string;
  readonly mirrorDeadLetterUrl: string;
}

/** Settings that only some functions need. */
export type OptionalSetting = 'SIGNET_MIRROR_QUEUE_URL' | 'SIGNET_MIRROR_DEAD_LETTER_URL';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads and checks every setting at once, so that one look at the log mends them all. Values are never printed.
 *
 * @throws ConfigurationError `DocumentInvalid` that names each variable at fault
 */
export function readConfiguration(
  environment: Environment,
  needed: readonly OptionalSetting[] = [],
): FunctionConfiguration {
  const read = (name: string): string => environment[name] ?? '';
  const profiles = read('SIGNET_PROFILES')
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  const faults = ['SIGNET_OBJECTS', ...needed].filter((name) => read(name) === '');
  if (profiles.length === 0) faults.push('SIGNET_PROFILES');
  if (faults.length > 0) throw new ConfigurationError('DocumentInvalid', `environment: not set: ${faults.join(', ')}`);
  return {
    objects: read('SIGNET_OBJECTS'),
    profiles,
    mirrorQueueUrl: read('SIGNET_MIRROR_QUEUE_URL'),
    mirrorDeadLetterUrl: read('SIGNET_MIRROR_DEAD_LETTER_URL'),
  };
}
