"""Hosts that an app can have, or cannot have, on Heroku."""

HEROKU = "herokuapp.com"
"""The domain of every app: https://devcenter.heroku.com/articles/custom-domains (documented)."""

HASHED_SINCE = "June 2023"
"""New apps since then have a random part in their host: `NAME-<12 hex>.herokuapp.com`.
https://devcenter.heroku.com/articles/custom-domains (documented)."""

OTHER_PLATFORMS = tuple(
    "onrender.com railway.app railway.internal fly.dev fly.io vercel.app now.sh netlify.app"
    " netlify.com pythonanywhere.com azurewebsites.net azurestaticapps.net azurecontainerapps.io"
    " cloudapp.azure.com appspot.com run.app web.app firebaseapp.com elasticbeanstalk.com"
    " compute.amazonaws.com elb.amazonaws.com awsapprunner.com amplifyapp.com"
    " ondigitalocean.app koyeb.app deta.app deta.dev glitch.me repl.co replit.app replit.dev"
    " cyclic.app northflank.app code.run zeabur.app platformsh.site scalingo.io cleverapps.io"
    " hf.space streamlit.app workers.dev pages.dev github.dev githubpreview.dev gitpod.io"
    " csb.app stackblitz.io webcontainer.io alwaysdata.net leapcell.dev sevalla.app kinsta.app"
    " ngrok.io ngrok.app ngrok.dev ngrok-free.app ngrok-free.dev loca.lt serveo.net"
    " trycloudflare.com".split()
)
"""Domains under which other platforms and tunnels give an app its host (each one's own manual,
documented). Domains of CDNs are not among them: a CDN may be in front of Heroku."""

LOCAL = tuple("localhost local internal intranet lan home test invalid localdomain".split())
"""Last labels of names that no visitor can resolve: RFC 2606, RFC 6762, RFC 8375 (documented)."""

REFUSING = r"(?i)invalid host header|blocked request\. this host|blocked hosts?:"
"""Starlette's, webpack-dev-server's, Vite's and Rails's page for a Host that they do not allow
(observed)."""
