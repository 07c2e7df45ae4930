"""What tests stand on: scripted models, a simulated model server, a proxy that breaks connections."""
