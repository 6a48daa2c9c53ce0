import { describe, expect, test } from 'vitest';
import { ConfigurationError } from '../../../lib/base/errors/configuration-error.ts';
import { type NeededSetting, readConfiguration } from '../../../lib/platform/lambda/read-configuration.ts';

const SECRET = 'hunter2-very-secret';
const NEEDED = ['SIGNET_MIRROR_QUEUE_URL', 'SIGNET_MIRROR_DEAD_LETTER_URL', 'SIGNET_MIRROR_RECEIVES'] as const;
const OPTIONAL = [
  'SIGNET_VERDICT_TOPIC',
  'SIGNET_WEBHOOKS',
  'SIGNET_PULL_SECRET',
  'SIGNET_DISTRIBUTION',
  'SIGNET_GRAPHS',
  'SIGNET_GRAPH_CHANNELS',
  'SIGNET_GRAPH_ARCHITECTURES',
] as const;
const ALL = {
  SIGNET_OBJECTS: `s3://${SECRET}/prefix`,
  SIGNET_PROFILES: 'ocp,okd',
  SIGNET_MIRROR_QUEUE_URL: `https://sqs.example.com/${SECRET}`,
  SIGNET_MIRROR_DEAD_LETTER_URL: `https://sqs.example.com/${SECRET}-dead`,
  SIGNET_MIRROR_RECEIVES: '10',
};

function faultOf(environment: Readonly<Record<string, string>>, needed: readonly NeededSetting[] = NEEDED): string {
  try {
    readConfiguration(environment, { needed });
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    expect(error.code).toBe('DocumentInvalid');
    return error.message;
  }
  return 'none';
}

describe('what is set', () => {
  test('is read', () => {
    expect(readConfiguration(ALL, { needed: NEEDED })).toMatchObject({
      objects: ALL.SIGNET_OBJECTS,
      profiles: ['ocp', 'okd'],
      mirrorQueueUrl: ALL.SIGNET_MIRROR_QUEUE_URL,
      mirrorDeadLetterUrl: ALL.SIGNET_MIRROR_DEAD_LETTER_URL,
      mirrorReceives: 10,
    });
  });

  test('is read for pushes, and for events', () => {
    const environment = {
      ...ALL,
      SIGNET_PUSH_QUEUE_URL: 'https://sqs.example.com/push',
      SIGNET_PUSH_DEAD_LETTER_URL: 'https://sqs.example.com/push-dead',
      SIGNET_PUSH_RECEIVES: '1000',
      SIGNET_EVENT_BUS: 'verdicts',
    };
    const needed = [
      'SIGNET_PUSH_QUEUE_URL',
      'SIGNET_PUSH_DEAD_LETTER_URL',
      'SIGNET_PUSH_RECEIVES',
      'SIGNET_EVENT_BUS',
    ] as const;
    expect(readConfiguration(environment, { needed })).toMatchObject({
      pushQueueUrl: 'https://sqs.example.com/push',
      pushDeadLetterUrl: 'https://sqs.example.com/push-dead',
      pushReceives: 1000,
      eventBus: 'verdicts',
    });
    expect(faultOf(ALL, needed)).toBe(`environment: not set: ${needed.join(', ')}`);
  });

  test('is read for bundles', () => {
    const environment = {
      ...ALL,
      SIGNET_EXPORT_QUEUE_URL: 'https://sqs.example.com/export',
      SIGNET_EXPORT_DEAD_LETTER_URL: 'https://sqs.example.com/export-dead',
      SIGNET_EXPORT_RECEIVES: '3',
    };
    const needed = ['SIGNET_EXPORT_QUEUE_URL', 'SIGNET_EXPORT_DEAD_LETTER_URL', 'SIGNET_EXPORT_RECEIVES'] as const;
    expect(readConfiguration(environment, { needed })).toMatchObject({
      exportQueueUrl: 'https://sqs.example.com/export',
      exportDeadLetterUrl: 'https://sqs.example.com/export-dead',
      exportReceives: 3,
    });
    expect(faultOf(ALL, needed)).toBe(`environment: not set: ${needed.join(', ')}`);
  });

  test('spaces around the names of profiles are not part of them', () => {
    expect(readConfiguration({ ...ALL, SIGNET_PROFILES: ' ocp , okd,' }).profiles).toEqual(['ocp', 'okd']);
  });

  test('what a function does not name may be missing or wrong', () => {
    const environment = { SIGNET_OBJECTS: '/o', SIGNET_PROFILES: 'ocp', SIGNET_MIRROR_RECEIVES: 'many' };
    expect(readConfiguration(environment)).toMatchObject({ objects: '/o', profiles: ['ocp'] });
  });

  test.each([
    { name: 'absent', environment: {}, value: undefined },
    { name: 'empty', environment: Object.fromEntries(OPTIONAL.map((name) => [name, ''])), value: undefined },
    { name: 'set', environment: Object.fromEntries(OPTIONAL.map((name) => [name, 'x'])), value: 'x' },
  ])('what is optional may be $name', ({ environment, value }) => {
    expect(readConfiguration({ ...ALL, ...environment }, { optional: OPTIONAL })).toMatchObject({
      verdictTopic: value,
      webhooks: value,
      pullSecret: value,
      distribution: value,
      graphs: value,
      graphChannels: value,
      graphArchitectures: value,
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
      const fault = faultOf(environment);
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

describe('a count of receives', () => {
  test.each(['1', '9', '10', '999', '1000'])('may be %s', (count) => {
    expect(faultOf({ ...ALL, SIGNET_MIRROR_RECEIVES: count })).toBe('none');
  });

  test.each(['0', '-1', '1001', '10000', '1.5', '1e2', '0x10', ' 5', '05', '+5', 'many', '٣'])(
    'may not be %j',
    (count) => {
      const fault = 'environment: not an integer from 1 to 1000: SIGNET_MIRROR_RECEIVES';
      expect(faultOf({ ...ALL, SIGNET_MIRROR_RECEIVES: count })).toBe(fault);
    },
  );

  test('that is wrong is told together with what is missing', () => {
    const fault = faultOf({ ...ALL, SIGNET_MIRROR_RECEIVES: SECRET, SIGNET_OBJECTS: '' });
    expect(fault).toBe('environment: not set: SIGNET_OBJECTS; not an integer from 1 to 1000: SIGNET_MIRROR_RECEIVES');
  });
});

test('faults that a function finds by itself are told together with the rest', () => {
  const environment = { ...ALL, SIGNET_OBJECTS: '', SIGNET_GRAPHS: 'wrong' };
  const listFaults = ({ graphs }: { readonly graphs: string | undefined }): readonly string[] => [
    `SIGNET_GRAPHS: ${graphs}`,
  ];
  expect(() => readConfiguration(environment, { needed: NEEDED, listFaults })).toThrow(
    /^environment: not set: SIGNET_OBJECTS; SIGNET_GRAPHS: wrong$/,
  );
  expect(() => readConfiguration(ALL, { listFaults: () => [] })).not.toThrow();
});
