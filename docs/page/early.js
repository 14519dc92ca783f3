// Runs before the page is drawn, so that nothing moves afterwards: what needs scripts is there from the
// beginning, and the form is small if the address has a number.

document.documentElement.classList.add("scripted");
if (new URLSearchParams(location.search).has("number"))
  document.documentElement.classList.add("asked");
