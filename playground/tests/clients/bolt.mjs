// The same bot on @slack/bolt.
import bolt from '@slack/bolt';

const { MOA_API: slackApiUrl, MOA_APP_TOKEN: appToken, MOA_BOT_TOKEN: token } = process.env;
const app = new bolt.App({ token, appToken, socketMode: true, clientOptions: { slackApiUrl } });

app.message(/^ping /, async ({ message, say }) => {
  await say({ text: message.text.replace('ping', 'pong'), thread_ts: message.thread_ts });
});
app.event('app_mention', async ({ say }) => {
  await say('mentioned');
});
app.command('/moa', async ({ command, ack, respond }) => {
  if (command.text === 'later') {
    await ack();
    await respond({ text: 'slash later', response_type: 'in_channel' });
  } else {
    await ack({ text: `slash ${command.text}` });
  }
});

const text = (words) => ({ type: 'plain_text', text: words });
app.message(/^form$/, async ({ say }) => {
  const button = { type: 'button', action_id: 'order', text: text('Order'), value: 'lunch' };
  await say({ text: 'Lunch?', blocks: [{ type: 'actions', block_id: 'offer', elements: [button] }] });
});
app.action('order', async ({ ack, body, client }) => {
  await ack();
  const element = { type: 'plain_text_input', action_id: 'n' };
  await client.views.open({
    trigger_id: body.trigger_id,
    view: {
      type: 'modal', callback_id: 'order', title: text('Order'), submit: text('Send'),
      private_metadata: `${body.channel.id} ${body.message.ts}`,
      blocks: [{ type: 'input', block_id: 'count', label: text('How many'), element }],
    },
  });
});
app.view('order', async ({ ack, view, client }) => {
  const entered = view.state.values.count.n.value;
  if (!/^\d+$/.test(entered)) return ack({ response_action: 'errors', errors: { count: 'a number, please' } });
  await ack();
  const [channel, ts] = view.private_metadata.split(' ');
  return client.chat.update({ channel, ts, text: `ordered ${entered}`, blocks: [] });
});
app.shortcut('todo', async ({ ack, shortcut, client }) => {
  await ack();
  await client.chat.postMessage({ channel: shortcut.channel.id, text: `todo: ${shortcut.message.text}` });
});
await app.start();
