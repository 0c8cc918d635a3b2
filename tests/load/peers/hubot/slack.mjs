// Hubot's Slack adapter, with another address of the Web API: the adapter itself has no setting for it.
import { SocketModeClient } from "@slack/socket-mode";
import { WebClient } from "@slack/web-api";
import { SlackBot } from "@hubot-friends/hubot-slack/src/Bot.mjs";
import "@hubot-friends/hubot-slack/src/Extensions.mjs";

const appToken = process.env.SLACK_APP_TOKEN;
const botToken = process.env.SLACK_BOT_TOKEN;
const slackApiUrl = process.env.SLACK_API_URL;

export default {
  use(robot) {
    // As the adapter makes them.
    const socket = new SocketModeClient({ appToken, clientOptions: { slackApiUrl } });
    const web = new WebClient(botToken, { slackApiUrl, maxRequestConcurrency: 1, logLevel: "error" });
    return new SlackBot(robot, { appToken, botToken, socket, web });
  },
};
