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
await app.start();
