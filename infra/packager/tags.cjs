// Tags, on everything that AWS lets one tag: CloudFormation hands a stack's tags on to most of it, not to all.

/** How a type of resource writes tags, or why it has none. */
const FORMS = /** @type {const} */ ({
  'AWS::ApiGatewayV2::Api': 'map',
  'AWS::ApiGatewayV2::ApiMapping': 'none',
  'AWS::ApiGatewayV2::Authorizer': 'none',
  'AWS::ApiGatewayV2::DomainName': 'map',
  'AWS::ApiGatewayV2::Integration': 'none',
  'AWS::ApiGatewayV2::Route': 'none',
  'AWS::ApiGatewayV2::Stage': 'map',
  'AWS::CloudFront::CachePolicy': 'none',
  'AWS::CloudFront::Distribution': 'list',
  'AWS::CloudFront::Function': 'none',
  'AWS::CloudFront::OriginAccessControl': 'none',
  'AWS::CloudWatch::Alarm': 'list',
  'AWS::CloudWatch::Dashboard': 'none',
  'AWS::CodeDeploy::Application': 'list',
  'AWS::CodeDeploy::DeploymentGroup': 'list',
  'AWS::Events::Archive': 'none',
  'AWS::Events::EventBus': 'list',
  'AWS::Events::EventBusPolicy': 'none',
  'AWS::Events::Rule': 'list',
  'AWS::IAM::Role': 'list',
  'AWS::Lambda::Alias': 'none',
  'AWS::Lambda::EventInvokeConfig': 'none',
  'AWS::Lambda::EventSourceMapping': 'list',
  'AWS::Lambda::Function': 'list',
  'AWS::Lambda::Permission': 'none',
  'AWS::Lambda::Version': 'none',
  'AWS::Logs::LogGroup': 'list',
  'AWS::S3::Bucket': 'list',
  'AWS::S3::BucketPolicy': 'none',
  'AWS::SQS::Queue': 'list',
  'AWS::SQS::QueuePolicy': 'none',
  'AWS::WAFv2::IPSet': 'list',
  'AWS::WAFv2::WebACL': 'list',
});

/** @param {string} text `name=value` by commas @returns {Record<string, string>} */
function parseTags(text) {
  const pairs = text.split(',').filter((pair) => pair !== '');
  return Object.fromEntries(pairs.map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]));
}

/**
 * @param {import('./plain.cjs').Template} template
 * @param {Record<string, string>} tags
 */
function applyTags({ Resources: resources }, tags) {
  if (Object.keys(tags).length === 0) return;
  const list = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
  for (const [id, resource] of Object.entries(resources)) {
    const form = Object.hasOwn(FORMS, resource.Type) && FORMS[/** @type {keyof typeof FORMS} */ (resource.Type)];
    if (form === false) throw new Error(`${id}: infra/packager/tags.cjs says of no tags for ${resource.Type}`);
    if (form !== 'none') resource.Properties = { ...resource.Properties, Tags: form === 'map' ? tags : list };
  }
}

module.exports = { applyTags, parseTags };
