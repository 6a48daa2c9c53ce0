import { describe, expect, test } from 'vitest';
import { answerAsHive } from '../../../lib/cluster/admission/hive-image-set.ts';

const BY_TAG = 'only digest based release images are supported since release verification is required';
const NO_DIGEST = 'release image digest is invalid';

/** The words of Hive's webhook (`openshift/hive` pkg/validating-webhooks/hive/v1), Go's quoting of the value included. */
describe('words of Hive', () => {
  test.each([
    ['nothing behind the at sign', 'quay.io/x/y@', `"quay.io/x/y@": ${BY_TAG}`],
    ['a tag and nothing behind the at sign', 'quay.io/x/y:1@', `"quay.io/x/y:1@": ${BY_TAG}`],
    ['an at sign alone', '@', `"@": ${BY_TAG}`],
    ['a second at sign without a digest', 'a@sha256:abc@', `"a@sha256:abc@": ${BY_TAG}`],
    ['a tag', 'image:tag', `"image:tag": ${BY_TAG}`],
    ['no digest behind the at sign', 'image@sha256', `"image@sha256": ${NO_DIGEST}`],
    ['a line feed and a quotation mark', 'a"\n:tag', `"a\\"\\n:tag": ${BY_TAG}`],
    ['a control character', 'a\u0001', `"a\\x01": ${BY_TAG}`],
    ['an invisible character', 'a\u200b', `"a\\u200b": ${BY_TAG}`],
    ['letters of any script', 'ä:tag', `"ä:tag": ${BY_TAG}`],
  ])('%s, verification required: 422', (_, image, words) => {
    const message = `spec.releaseImage: Invalid value: ${words}`;
    expect(answerAsHive(image, true)).toMatchObject({ allowed: false, code: 422, message });
  });

  test('nothing behind the at sign, verification not required: denied because it is no reference', () => {
    const answer = answerAsHive('quay.io/x/y@', false);
    expect(answer).toMatchObject({ allowed: false, code: 422 });
    expect(JSON.stringify(answer)).not.toContain(NO_DIGEST);
  });
});
