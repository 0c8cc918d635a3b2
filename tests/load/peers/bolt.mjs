// Bolt for JavaScript, as its guide begins: Socket Mode, one listener. `!echo X` is answered with X, in the thread where it
// was asked.
import bolt from "@slack/bolt";

const app = new bolt.App({
  token: process.env.SLACK_BOT_TOKEN,
  appToken: process.env.SLACK_APP_TOKEN,
  socketMode: true,
  clientOptions: { slackApiUrl: process.env.SLACK_API_URL },
});

app.message(/^!echo (.*)/s, async ({ message, context, say }) => {
  await say({ text: context.matches[1], thread_ts: message.thread_ts });
});

await app.start();
