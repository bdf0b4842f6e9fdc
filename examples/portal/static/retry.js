// Loads a page again that failed, unless the user objects.

const message = document.getElementById("retry");
const wait = document.getElementById("wait");
let seconds = Number(message.dataset.seconds);

const timer = setInterval(() => {
  seconds -= 1;
  wait.textContent = seconds;
  if (seconds <= 0) {
    clearInterval(timer);
    location.reload();
  }
}, 1000);

document.getElementById("stop").addEventListener("click", () => {
  clearInterval(timer);
  message.textContent = "This page is not tried again.";
});
message.hidden = false;
