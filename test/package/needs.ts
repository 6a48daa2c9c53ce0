import type { Needs } from './grants.ts';
import type { Variant } from './variants.ts';

/** What each function does, and so what its role may do. What an option adds is in the second table. */
const NEEDS: Readonly<Record<string, Needs>> = {
  'check-pullspec': { reads: ['trust'] },
  'verify-image': {
    reads: ['trust', 'signatures', 'records', 'accepted'],
    writes: ['records', 'accepted'],
    others: ['sqs:SendMessage MirrorQueue'],
  },
  'serve-signature': { reads: ['signatures', 'lookaside'] },
  'read-records': { reads: ['trust', 'records'] },
  'mirror-signatures': {
    reads: ['trust', 'signatures'],
    writes: ['signatures'],
    others: [...toConsume('MirrorQueue'), 'sqs:SendMessage MirrorDeadLetterQueue'],
  },
  'receive-push': { reads: ['trust'], others: ['sqs:SendMessage PushQueue', 'sqs:SendMessage PushDeadLetterQueue'] },
  'verify-pushed': {
    reads: ['trust', 'signatures', 'records', 'accepted', 'verdicts'],
    writes: ['records', 'accepted', 'verdicts'],
    others: [
      ...toConsume('PushQueue'),
      'sqs:SendMessage MirrorQueue',
      'sqs:SendMessage PushDeadLetterQueue',
      'events:PutEvents VerdictBus',
      'ecr:BatchGetImage ecr:<Region>:<AccountId>:repository/*',
    ],
  },
  reverify: {
    reads: ['trust', 'accepted', 'signatures', 'reverify', 'quarantine'],
    writes: ['signatures', 'reverify', 'quarantine'],
    deletes: ['signatures'],
    others: ['sqs:SendMessage PushQueue'],
  },
  'publish-trust': { reads: ['trust-inbox', 'trust'], writes: ['trust'] },
};

/** Lines that `every option` adds, and lines that they take the place of. */
const OPTIONS: Readonly<Record<string, { readonly adds: readonly string[]; readonly drops: readonly string[] }>> = {
  'receive-push': { adds: ['secretsmanager:GetSecretValue WebhooksSecret'], drops: [] },
  'verify-pushed': {
    adds: [
      'secretsmanager:GetSecretValue PullSecret',
      'sns:Publish VerdictTopic',
      'events:PutEvents EventBus',
      'ecr:BatchGetImage ecr:us-east-1:111122223333:repository/ocp',
      'ecr:BatchGetImage ecr:us-east-1:111122223333:repository/okd',
    ],
    drops: ['events:PutEvents VerdictBus', 'ecr:BatchGetImage ecr:<Region>:<AccountId>:repository/*'],
  },
  reverify: {
    adds: ['cloudfront:CreateInvalidation cloudfront::<AccountId>:distribution/<Distribution>'],
    drops: [],
  },
};

export function readNeeds(name: string, variant: Variant): Needs {
  const needs = NEEDS[name];
  if (needs === undefined) throw new Error(`nothing is said of what <name> needs`);
  const option = variant === 'defaults' ? undefined : OPTIONS[name];
  if (option === undefined) return needs;
  const kept = (needs.others ?? []).filter((line) => !option.drops.includes(line));
  return { ...needs, others: [...kept, ...option.adds] };
}

function toConsume(queue: string): readonly string[] {
  const actions = ['ReceiveMessage', 'DeleteMessage', 'ChangeMessageVisibility', 'GetQueueAttributes'];
  return actions.map((action) => `sqs:${action} ${queue}`);
}
