import { describe, expect, test } from 'vitest';
import { ConfigurationError } from '../../lib/errors/configuration-error.ts';
import { type OptionalSetting, readConfiguration } from '../../lib/runtime/read-configuration.ts';

const SECRET = 'hunter2-very-secret';
const QUEUES = ['SIGNET_MIRROR_QUEUE_URL', 'SIGNET_MIRROR_DEAD_LETTER_URL'] as const;
const ALL = {
  SIGNET_OBJECTS: `s3://${SECRET}/prefix`,
  SIGNET_PROFILES: 'ocp,okd',
  SIGNET_MIRROR_QUEUE_URL: `https://sqs.example.com/${SECRET}`,
  SIGNET_MIRROR_DEAD_LETTER_URL: `https://sqs.example.com/${SECRET}-dead`,
};

function faultOf(environment: Readonly<Record<string, string>>, needed?: readonly OptionalSetting[]): string {
  try {
    readConfiguration(environment, needed);
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    expect(error.code).toBe('DocumentInvalid');
    return error.message;
  }
  return 'none';
}

describe('what is set', () => {
  test('is read', () => {
    expect(readConfiguration(ALL, QUEUES)).toEqual({
      objects: ALL.SIGNET_OBJECTS,
      profiles: ['ocp', 'okd'],
      mirrorQueueUrl: ALL.SIGNET_MIRROR_QUEUE_URL,
      mirrorDeadLetterUrl: ALL.SIGNET_MIRROR_DEAD_LETTER_URL,
    });
  });

  test('spaces around the names of profiles are not part of them', () => {
    expect(readConfiguration({ ...ALL, SIGNET_PROFILES: ' ocp , okd,' }).profiles).toEqual(['ocp', 'okd']);
  });

  test('queues may be missing where no function needs them', () => {
    expect(readConfiguration({ SIGNET_OBJECTS: '/o', SIGNET_PROFILES: 'ocp' })).toMatchObject({
      mirrorQueueUrl: '',
      mirrorDeadLetterUrl: '',
    });
  });
});

describe('what is missing is named, all of it at once, and no value is printed', () => {
  const names = Object.keys(ALL);
  const subsets = Array.from({ length: 2 ** names.length - 1 }, (_, index) =>
    names.filter((_name, bit) => ((index + 1) >> bit) % 2 === 1),
  );

  test.each(subsets.map((missing) => ({ missing })))('without $missing', ({ missing }) => {
    const left = Object.fromEntries(Object.entries(ALL).filter(([name]) => !missing.includes(name)));
    const empty = { ...ALL, ...Object.fromEntries(missing.map((name) => [name, ''])) };
    for (const environment of [left, empty]) {
      const fault = faultOf(environment, QUEUES);
      const named = fault.split(/[^A-Z_]+/);
      expect(names.filter((name) => named.includes(name))).toEqual(missing);
      expect(fault).not.toContain(SECRET);
      expect(fault).not.toContain('okd');
    }
  });

  test.each([',,', ' ', ' , '])('profiles that are only %j are none', (profiles) => {
    expect(faultOf({ ...ALL, SIGNET_PROFILES: profiles })).toContain('SIGNET_PROFILES');
  });
});
