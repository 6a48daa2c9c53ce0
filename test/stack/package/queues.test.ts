import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import { resourcesOf, toSub } from './template.ts';
import { useVariants } from './use-variants.ts';

const read = useVariants();

const Arn = v.pipe(
  v.object({ 'Fn::GetAtt': v.strictTuple([v.string(), v.literal('Arn')]) }),
  v.transform((get) => get['Fn::GetAtt'][0]),
);
const Queue = v.object({
  QueueName: v.string(),
  SqsManagedSseEnabled: v.literal(true),
  VisibilityTimeout: v.optional(v.number()),
  RedrivePolicy: v.optional(v.object({ deadLetterTargetArn: Arn, maxReceiveCount: v.number() })),
  RedriveAllowPolicy: v.optional(v.object({ sourceQueueArns: v.strictTuple([v.object({ 'Fn::Sub': v.string() })]) })),
});
const Statement = v.object({
  Sid: v.string(),
  Effect: v.picklist(['Allow', 'Deny']),
  Principal: v.unknown(),
  Action: v.string(),
  Resource: Arn,
  Condition: v.record(v.string(), v.unknown()),
});
const Policy = v.object({
  Queues: v.array(v.object({ Ref: v.string() })),
  PolicyDocument: v.object({ Statement: v.array(Statement) }),
});

function readQueues(): ReadonlyMap<string, v.InferOutput<typeof Queue>> {
  const queues = resourcesOf(read('defaults').settled, 'AWS::SQS::Queue');
  return new Map(queues.map(([id, { Properties: properties }]) => [id, v.parse(Queue, properties)]));
}

function readProperties(id: string): unknown {
  return read('defaults').settled.Resources[id]?.Properties;
}

/** Each queue with what takes from it, its dead-letter queue, and the parameters' defaults. */
const QUEUES = [
  {
    queue: 'MirrorQueue',
    deadLetters: 'MirrorDeadLetterQueue',
    consumer: 'MirrorDashsignaturesLambdaFunction',
    receives: 'SIGNET_MIRROR_RECEIVES',
    batch: 10,
    atOnce: 2,
  },
  {
    queue: 'PushQueue',
    deadLetters: 'PushDeadLetterQueue',
    consumer: 'VerifyDashpushedLambdaFunction',
    receives: 'SIGNET_PUSH_RECEIVES',
    batch: 10,
    atOnce: 2,
  },
  {
    queue: 'ExportQueue',
    deadLetters: 'ExportDeadLetterQueue',
    consumer: 'ExportDashbundleLambdaFunction',
    receives: 'SIGNET_EXPORT_RECEIVES',
    batch: 1,
    atOnce: 2,
  },
];

describe('queues', () => {
  test('are these, encrypted', () => {
    expect([...readQueues().keys()].toSorted()).toEqual(
      QUEUES.flatMap(({ queue, deadLetters }) => [queue, deadLetters]).toSorted(),
    );
  });

  test.each(QUEUES)('$queue has a dead-letter queue that takes from no other', ({ queue, deadLetters }) => {
    const queues = readQueues();
    expect(queues.get(queue)?.RedrivePolicy?.deadLetterTargetArn).toBe(deadLetters);
    const [source] = queues.get(deadLetters)?.RedriveAllowPolicy?.sourceQueueArns ?? [];
    expect(source?.['Fn::Sub'].split(':').at(-1)).toBe(queues.get(queue)?.QueueName);
  });

  test.each(QUEUES)('$queue waits six times as long as $consumer may run', ({ queue, consumer }) => {
    const { Timeout: timeout } = v.parse(v.object({ Timeout: v.number() }), readProperties(consumer));
    expect(readQueues().get(queue)?.VisibilityTimeout).toBe(6 * timeout);
  });

  test.each(QUEUES)('$queue hands a message out more often than $consumer tries it', (row) => {
    const { Environment: environment } = v.parse(
      v.object({ Environment: v.object({ Variables: v.record(v.string(), v.unknown()) }) }),
      readProperties(row.consumer),
    );
    const tries = Number(environment.Variables[row.receives]);
    expect(tries).toBeGreaterThan(1);
    expect(readQueues().get(row.queue)?.RedrivePolicy?.maxReceiveCount).toBeGreaterThan(tries);
  });

  test.each(QUEUES)('$queue is read in batches of which single messages may fail, with a limit of its own', (row) => {
    const mappings = resourcesOf(read('defaults').settled, 'AWS::Lambda::EventSourceMapping').filter(
      ([, { Properties: properties }]) => v.parse(Arn, properties['EventSourceArn']) === row.queue,
    );
    expect(mappings.map(([, { Properties: properties }]) => properties)).toMatchObject([
      {
        FunctionName: { 'Fn::GetAtt': [row.consumer, 'Arn'] },
        BatchSize: row.batch,
        FunctionResponseTypes: ['ReportBatchItemFailures'],
        ScalingConfig: { MaximumConcurrency: row.atOnce },
      },
    ]);
  });

  test.each([...QUEUES.map(({ queue }) => queue), ...QUEUES.map(({ deadLetters }) => deadLetters)])(
    '%s has one policy, which refuses what comes without TLS',
    (id) => {
      const policies = resourcesOf(read('defaults').settled, 'AWS::SQS::QueuePolicy')
        .map(([, { Properties: properties }]) => v.parse(Policy, properties))
        .filter(({ Queues: queues }) => queues.some(({ Ref: name }) => name === id));
      expect(policies).toHaveLength(1);
      const denials = policies[0]?.PolicyDocument.Statement.filter(({ Effect: effect }) => effect === 'Deny') ?? [];
      expect(denials).toMatchObject([
        { Principal: '*', Action: 'sqs:*', Condition: { Bool: { 'aws:SecureTransport': 'false' } } },
      ]);
      // SQS refuses a policy that covers more than its own queue.
      expect(policies[0]?.Queues).toEqual([{ Ref: id }]);
      expect(policies[0]?.PolicyDocument.Statement.map(({ Resource: queue }) => queue)).toEqual(
        policies[0]?.PolicyDocument.Statement.map(() => id),
      );
    },
  );

  test('let nobody in by a policy but EventBridge, for the ECR rule alone, where dead letters of pushes are', () => {
    const statements = resourcesOf(read('defaults').settled, 'AWS::SQS::QueuePolicy').flatMap(
      ([, { Properties: properties }]) => v.parse(Policy, properties).PolicyDocument.Statement,
    );
    expect(statements.filter(({ Effect: effect }) => effect === 'Allow')).toEqual([
      {
        Sid: 'UndeliveredEvents',
        Effect: 'Allow',
        Principal: { Service: 'events.amazonaws.com' },
        Action: 'sqs:SendMessage',
        Resource: 'PushDeadLetterQueue',
        Condition: { ArnEquals: { 'aws:SourceArn': { 'Fn::GetAtt': ['EcrPushRule', 'Arn'] } } },
      },
    ]);
  });
});

describe('events', () => {
  test('of ECR go to receive-push, and where they can be found when they do not get there', () => {
    expect(readProperties('EcrPushRule')).toMatchObject({
      EventPattern: {
        source: ['aws.ecr'],
        'detail-type': [
          'ECR Image Action',
          'ECR Pull Through Cache Action',
          'ECR Replication Action',
          'ECR Referrer Action',
        ],
      },
      Targets: [
        {
          Arn: { 'Fn::GetAtt': ['ReceiveDashpushLambdaFunction', 'Arn'] },
          RetryPolicy: { MaximumEventAgeInSeconds: 86_400, MaximumRetryAttempts: 185 },
          DeadLetterConfig: { Arn: { 'Fn::GetAtt': ['PushDeadLetterQueue', 'Arn'] } },
        },
      ],
    });
    expect(readProperties('ReceivePushInvocations')).toMatchObject({
      FunctionName: { Ref: 'ReceiveDashpushLambdaFunction' },
      Qualifier: '$LATEST',
      DestinationConfig: { OnFailure: { Destination: { 'Fn::GetAtt': ['PushDeadLetterQueue', 'Arn'] } } },
    });
  });

  test('of the schedule come to reverify every 15 minutes', () => {
    expect(readProperties('ReverifySchedule')).toMatchObject({
      ScheduleExpression: 'rate(15 minutes)',
      Targets: [{ Arn: { 'Fn::GetAtt': ['ReverifyLambdaFunction', 'Arn'] } }],
    });
  });

  test.each([
    { variant: 'defaults', state: 'DISABLED', called: { 'Fn::GetAtt': ['PlanDashmirrorLambdaFunction', 'Arn'] } },
    { variant: 'every option', state: 'ENABLED', called: { Ref: 'PlanDashmirrorAlias' } },
  ] as const)(
    'of the schedule come to plan-mirror when there are graphs, with $variant',
    ({ variant, state, called }) => {
      const { Resources: resources } = read(variant).settled;
      expect(resources['PlanMirrorSchedule']?.Properties).toMatchObject({
        ScheduleExpression: 'rate(1 hour)',
        State: state,
        Targets: [{ Arn: called }],
      });
      expect(resources['PlanMirrorInvocations']?.Properties).toMatchObject({
        FunctionName: { Ref: 'PlanDashmirrorLambdaFunction' },
        MaximumRetryAttempts: 0,
      });
    },
  );

  test.each([
    ['PlanMirrorSchedulePermission', 'PlanMirrorSchedule', 'PlanDashmirrorLambdaFunction'],
    ['EcrPushPermission', 'EcrPushRule', 'ReceiveDashpushLambdaFunction'],
    ['ReverifySchedulePermission', 'ReverifySchedule', 'ReverifyLambdaFunction'],
  ])('%s is for one rule alone, which waits for it', (id, rule, called) => {
    const { Name: name } = v.parse(v.object({ Name: v.string() }), readProperties(rule));
    expect(readProperties(id)).toEqual({
      FunctionName: { 'Fn::GetAtt': [called, 'Arn'] },
      Action: 'lambda:InvokeFunction',
      Principal: 'events.amazonaws.com',
      SourceArn: toSub(`arn:<AWS::Partition>:events:<AWS::Region>:<AWS::AccountId>:rule/${name}`),
    });
    expect(read('defaults').settled.Resources[rule]?.DependsOn).toEqual([id]);
  });

  test('about verdicts go to a bus of the stack, unless one is given', () => {
    const buses = (['defaults', 'every option'] as const).map((variant) => {
      const { Resources: resources } = read(variant).settled;
      const { Environment: environment } = v.parse(
        v.object({ Environment: v.object({ Variables: v.object({ SIGNET_EVENT_BUS: v.unknown() }) }) }),
        resources['VerifyDashpushedLambdaFunction']?.Properties,
      );
      return [environment.Variables.SIGNET_EVENT_BUS, resources['VerdictBus']?.Properties];
    });
    expect(buses).toEqual([
      [{ 'Fn::GetAtt': ['VerdictBus', 'Arn'] }, { Name: 'signet-dev' }],
      [{ Ref: 'EventBus' }, undefined],
    ]);
  });
});
