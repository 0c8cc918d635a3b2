// `!echo X` is answered with X, in the thread where it was asked.
export default (robot) => {
  robot.hear(/^!echo (.*)/s, async (res) => {
    await res.send(res.match[1]);
  });
};
